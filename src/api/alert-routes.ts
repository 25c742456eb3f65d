/** The routes of alerts: rules, what fired, and where it is sent. */

import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { MAX_LOG_PAGE } from "../model/alert.ts";
import { alertChannelDraftSchema } from "../model/alert-channel-schema.ts";
import { alertRuleChangeSchema, alertRuleDraftSchema } from "../model/alert-schema.ts";
import { MonitauriError } from "../model/error.ts";
import type { Monitauri } from "../model/monitauri.ts";
import {
  alertChannelSchema,
  alertLogSchema,
  alertPreviewSchema,
  alertRuleSchema,
  alertTestSchema,
} from "./alert-schemas.ts";
import type { Door } from "./guard.ts";
import { bodyRoute, plain, route } from "./route.ts";

export interface AlertRoutes {
  readonly monitauri: Monitauri;
  /** undefined: the Unix socket; only there may a channel name a program to run. */
  readonly door: Door | undefined;
}

export function addAlertRoutes(app: OpenAPIHono, options: AlertRoutes): void {
  addRules(app, options);
  addLog(app, options);
  addChannels(app, options);
}

function addRules(app: OpenAPIHono, { monitauri }: AlertRoutes): void {
  app.openapi(rulesRoute, async (context) =>
    context.json(plain(await monitauri.alertRules()), 200),
  );
  app.openapi(addRoute, async (context) =>
    context.json(plain(await monitauri.addAlertRule(given(context.req.valid("json")))), 200),
  );
  app.openapi(setRoute, async (context) => {
    const { id } = context.req.valid("param");
    const change = given(context.req.valid("json"));
    return context.json(plain(await monitauri.setAlertRule(id, change)), 200);
  });
  app.openapi(removeRoute, async (context) => {
    await monitauri.removeAlertRule(context.req.valid("param").id);
    return context.json({}, 200);
  });
  app.openapi(previewRoute, async (context) =>
    context.json(plain(await monitauri.previewAlertRule(given(context.req.valid("json")))), 200),
  );
  app.openapi(snoozeRoute, async (context) =>
    context.json(plain(await monitauri.snoozeAlerts(given(context.req.valid("json")))), 200),
  );
}

function addLog(app: OpenAPIHono, { monitauri }: AlertRoutes): void {
  app.openapi(logRoute, async (context) =>
    context.json(plain(await monitauri.alertLog(given(context.req.valid("query")))), 200),
  );
  app.openapi(acknowledgeRoute, async (context) => {
    const { ids, all } = context.req.valid("json");
    if ((ids === undefined) === (all === undefined)) {
      throw new MonitauriError("invalid", "Give either ids, or all as true");
    }
    const which = ids === undefined ? ({ all: true } as const) : { ids };
    return context.json({ acknowledged: await monitauri.acknowledgeAlerts(which) }, 200);
  });
}

function addChannels(app: OpenAPIHono, { monitauri, door }: AlertRoutes): void {
  app.openapi(channelsRoute, async (context) =>
    context.json(plain(await monitauri.alertChannels()), 200),
  );
  app.openapi(setChannelRoute, async (context) => {
    const draft = given(context.req.valid("json"));
    const runs = async () =>
      (await monitauri.alertChannels()).some(
        ({ name, target }) => name === draft.name && target.kind === "command",
      );
    if (door !== undefined && (draft.target.kind === "command" || (await runs()))) {
      throw new MonitauriError(
        "forbidden",
        "Only the command line sets a program to run: monitauri alert channel set",
      );
    }
    return context.json(plain(await monitauri.setAlertChannel(draft)), 200);
  });
  app.openapi(removeChannelRoute, async (context) => {
    await monitauri.removeAlertChannel(context.req.valid("param").name);
    return context.json({}, 200);
  });
  app.openapi(testRoute, async (context) =>
    context.json(plain(await monitauri.testAlertChannel(context.req.valid("param").name)), 200),
  );
}

const ruleId = z.object({ id: z.string().max(64) });
const channelNameParam = z.object({ name: z.string().max(64) });

const rulesRoute = route("get", "/alerts/rules", {
  answer: z.array(alertRuleSchema),
  description: "All rules, in the order they were made.",
});
const addRoute = bodyRoute("/alerts/rules", {
  answer: alertRuleSchema,
  body: alertRuleDraftSchema,
  description: "Adds a rule. Only its condition has to be said.",
});
const setRoute = bodyRoute("/alerts/rules/{id}", {
  answer: alertRuleSchema,
  body: alertRuleChangeSchema,
  params: ruleId,
  description: "Changes a rule; what is not given stays.",
});
const removeRoute = route("delete", "/alerts/rules/{id}", {
  answer: z.object({}),
  params: ruleId,
});
const previewRoute = bodyRoute("/alerts/preview", {
  answer: alertPreviewSchema,
  body: alertRuleDraftSchema,
  description: "What a rule would have done in the last seven days, found from the history.",
});
const snoozeRoute = bodyRoute("/alerts/snooze", {
  answer: z.array(alertRuleSchema),
  body: z.strictObject({
    ruleId: z.string().max(64).optional(),
    untilMs: z.int().min(0).max(8.64e15).nullable(),
  }),
  description: "Keeps one rule or all quiet until then; null: no longer.",
});
const logRoute = route("get", "/alerts/log", {
  answer: alertLogSchema,
  query: z.strictObject({
    limit: z.coerce.number().int().min(0).max(MAX_LOG_PAGE).optional(),
    before: z.string().max(64).optional().openapi({ description: "Id of the last event seen" }),
    unread: z
      .enum(["true", "false"])
      .transform((text) => text === "true")
      .optional(),
    ruleId: z.string().max(64).optional(),
  }),
  description: "What fired, the latest first. With limit=0 only how many there are.",
});
const acknowledgeRoute = bodyRoute("/alerts/acknowledge", {
  answer: z.object({ acknowledged: z.number() }),
  body: z.strictObject({
    ids: z.array(z.string().max(64)).max(2_000).optional(),
    all: z.literal(true).optional(),
  }),
  description: "Marks events as read, by id or all.",
});
const channelsRoute = route("get", "/alerts/channels", {
  answer: z.array(alertChannelSchema),
  description: "Where alerts are sent. Of secrets only the names of those that are set.",
});
const setChannelRoute = bodyRoute("/alerts/channels", {
  answer: alertChannelSchema,
  body: alertChannelDraftSchema,
  description:
    "Makes or changes the channel of that name. Secrets are write-only; one that is not given stays. A program to run " +
    "is only taken over the Unix socket.",
});
const removeChannelRoute = route("delete", "/alerts/channels/{name}", {
  answer: z.object({}),
  params: channelNameParam,
});
const testRoute = route("post", "/alerts/channels/{name}/test", {
  answer: alertTestSchema,
  params: channelNameParam,
  description: "Sends a real message and tells what came of it.",
});

type Given<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** Without what was not given. */
function given<T extends object>(value: T): Given<T> {
  const pairs = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(pairs) as Given<T>;
}
