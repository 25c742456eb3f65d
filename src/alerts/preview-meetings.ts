/** What rules about the other end would have done: first contacts, and connections with what is on a block list. Meetings
 * of the history are judged by the same code that judges ticks. */

import { parseAddress } from "../model/address.ts";
import type { AlertPreview, AlertRuleSettings } from "../model/alert.ts";
import { type HistorySettings, type Period, UNEXPLAINED } from "../model/history.ts";
import type { Meeting, MeetingAnswer, MeetingQuery } from "../model/history-meetings.ts";
import { createEvaluation } from "./evaluation.ts";
import { type AlertFacts, blindFacts, NOTHING_BESIDE } from "./facts.ts";
import { createPast } from "./past.ts";
import { DAY_MS } from "./periods.ts";
import { EMPTY, type Found, previewFrom, ruleOf } from "./preview.ts";
import type { ListMatch } from "./turn.ts";

const HOUR_MS = 3_600_000;
/** What was known before the period goes back this far. */
const KNOWN_DAYS = 365;
const CUT = " There were more than could be looked at.";

type Ask = (query: MeetingQuery) => Promise<MeetingAnswer>;

export async function previewContacts(
  settings: AlertRuleSettings,
  period: Period,
  ask: Ask,
): Promise<AlertPreview> {
  const { condition } = settings;
  if (condition.kind !== "first-contact") throw new TypeError("It is no rule of contacts");
  if (!condition.of.includes("country")) {
    return cannot(
      period,
      "The history keeps countries, not networks, so this cannot be told. Networks are learned from now on.",
    );
  }
  const how = { of: "country", each: "first", toHour: true } as const;
  const fromMs = period.fromMs - KNOWN_DAYS * DAY_MS;
  const before = await ask({ fromMs, toMs: period.fromMs, of: "country", each: "first" });
  if (before.observedMs < DAY_MS) {
    return cannot(period, "The history does not go back far enough to tell what was new.");
  }
  const within = await ask({ ...period, ...how });
  const found = replay(settings, [...before.meetings, ...within.meetings].map(asCountry));
  const networks = condition.of.includes("network") ? " Networks are not in it." : "";
  const basis = `Countries that a program met in these days and not before.${networks}${cutWords(before, within)}`;
  return previewFrom(found, { period, basis, observedMs: within.observedMs });
}

export interface BlockListPast {
  readonly ask: Ask;
  readonly match: ListMatch;
  readonly kept: Pick<HistorySettings, "remotes" | "remoteDays">;
}

export async function previewBlockList(
  settings: AlertRuleSettings,
  period: Period,
  { ask, match, kept }: BlockListPast,
): Promise<AlertPreview> {
  const { condition, coolDownMs } = settings;
  if (condition.kind !== "block-list") throw new TypeError("It is no rule of block lists");
  if (kept.remotes === "none") {
    return cannot(period, "The history keeps nobody's other end, so this cannot be told.");
  }
  const all = await ask({ ...period, of: "remote", each: "first" });
  const met = new Set(all.meetings.map(({ value }) => value));
  const values = [...met].filter((value) => match(...endOf(value)) !== undefined);
  const within = await ask({ ...period, of: "remote", each: "hour", values });
  const found = replay(
    // Of an hour is not known when in it something came: what is there in the next one too goes on.
    { ...settings, coolDownMs: Math.max(coolDownMs, HOUR_MS + 1) },
    within.meetings.map(asRemote),
    (list) => (list === condition.list ? match : undefined),
  );
  const names =
    kept.remotes === "names" ? " Where it has a name, the address behind it is not kept." : "";
  const short =
    kept.remoteDays !== null && kept.remoteDays < 7
      ? ` Other ends are kept for ${kept.remoteDays} days only.`
      : "";
  const basis = `Found from the hours in which a program had to do with what is on the list.${names}${short}${cutWords(all, within)}`;
  return previewFrom(found, { period, basis, observedMs: within.observedMs });
}

export function cannot(period: Period, basis: string): AlertPreview {
  const { fromMs, toMs } = period;
  return { fromMs, toMs, fired: null, events: [], basis };
}

function cutWords(...answers: readonly MeetingAnswer[]): string {
  return answers.some(({ isCut }) => isCut) ? CUT : "";
}

/** Address and host, as a tick has them. */
function endOf(value: string): [address: string, host: string] {
  return parseAddress(value) === undefined ? ["", value] : [value, ""];
}

type Detail = AlertFacts["details"][number];
interface Moment {
  readonly meeting: Meeting;
  readonly detail: Detail;
}

function asCountry(meeting: Meeting): Moment {
  return { meeting, detail: { ...detailOf(meeting), country: meeting.value } };
}

function asRemote(meeting: Meeting): Moment {
  const [address] = endOf(meeting.value);
  return { meeting, detail: { ...detailOf(meeting), remote: meeting.value, address } };
}

function detailOf({ application, user, container }: Meeting): Detail {
  return {
    ...UNEXPLAINED,
    application,
    interface: "",
    scope: "internet",
    user,
    container,
    rxBytes: 0,
    txBytes: 0,
  };
}

/** The meetings of one time as one tick. */
function replay(
  settings: AlertRuleSettings,
  moments: readonly Moment[],
  lists: (list: string) => ListMatch | undefined = () => undefined,
): Found[] {
  const evaluation = createEvaluation({
    state: EMPTY,
    instance: "preview",
    past: createPast(),
    lists,
  });
  evaluation.setRules([ruleOf(settings)], 0);
  const found: Found[] = [];
  const inOrder = [...moments].sort((a, b) => a.meeting.atMs - b.meeting.atMs);
  for (const [atMs, own] of Map.groupBy(inOrder, ({ meeting }) => meeting.atMs)) {
    const programs = new Map(own.map(({ meeting }) => [meeting.application, meeting.name]));
    const facts: AlertFacts = {
      ...blindFacts({ atMs, intervalMs: HOUR_MS }, NOTHING_BESIDE),
      isBlind: false,
      details: own.map(({ detail }) => detail),
      applications: [...programs].map(([key, name]) => ({ key, name, rxBytes: 0, txBytes: 0 })),
    };
    for (const { title } of evaluation.take(facts, new Map()).events) found.push({ atMs, title });
  }
  return found;
}
