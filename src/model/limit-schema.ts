/** What may come in as a rule, as zod schemas: form only; limit-check.ts looks at the sense of it. */

import { z } from "zod";
import { parseAddress, parseNetwork } from "./address.ts";
import {
  type LimitChange,
  type LimitWish,
  MAX_LIMIT_BYTES_PER_SECOND,
  MAX_LIMIT_FOR_MS,
  MAX_PATTERN_LENGTH,
  MAX_PRIORITY,
  MAX_SCHEDULE_WINDOWS,
  MIN_LIMIT_BYTES_PER_SECOND,
  WEEKDAYS,
} from "./limit.ts";
import { formatBitRate } from "./rate.ts";

const LOWEST = formatBitRate(MIN_LIMIT_BYTES_PER_SECOND);
const HIGHEST = formatBitRate(MAX_LIMIT_BYTES_PER_SECOND);

const printableText = (what: string, most: number) =>
  z
    .string({ error: `${what} is missing` })
    .trim()
    .min(1, { error: `${what} is missing` })
    .max(most, { error: `${what} has ${most} characters at most` })
    .refine((text) => !/\p{Cc}/u.test(text), {
      error: `${what} has control characters`,
    });

const interfaceName = printableText("the name of the interface", 15).refine(
  (name) => !/[\s/]/.test(name),
  { error: "the name of an interface has neither blanks nor slashes" },
);

/** "example.org", and not a mistyped 10.0.0.300. */
const isHostName = (text: string) => /^(?=.*[a-z])[a-z0-9_-]+(\.[a-z0-9_-]+)+\.?$/i.test(text);

const network = printableText("the address", 64).refine(
  (text) => (text.includes("/") ? parseNetwork(text) : parseAddress(text)) !== undefined,
  {
    error: (issue) =>
      isHostName(String(issue.input))
        ? "names are not limited, as their addresses change and are shared by others: write the address " +
          "(monitauri connections shows it), or limit the program"
        : "this is neither an address nor a network: write 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32",
  },
);

const pid = z
  .int({ error: "a pid is a whole number" })
  .min(1)
  .max(2 ** 22, {
    error: "no pid is as large",
  });

const targetOptions = [
  z.strictObject({ kind: z.literal("machine") }),
  z.strictObject({ kind: z.literal("interface"), name: interfaceName }),
  z.strictObject({
    kind: z.literal("application"),
    pattern: printableText("the name of the application", MAX_PATTERN_LENGTH),
  }),
  z.strictObject({ kind: z.literal("user"), user: printableText("the user", 64) }),
  z.strictObject({
    kind: z.literal("container"),
    container: printableText("the container", 256),
  }),
  z.strictObject({ kind: z.literal("unit"), unit: printableText("the unit", 256) }),
  z.strictObject({ kind: z.literal("remote"), network }),
  z.strictObject({
    kind: z.literal("port"),
    port: z
      .int()
      .min(1, { error: "ports are 1 to 65535" })
      .max(65_535, { error: "ports are 1 to 65535" }),
    protocol: z.enum(["tcp", "udp"]).nullable().default(null),
  }),
] as const;

/** As LimitWish has it: the start of a process may be missing. */
export const limitTargetSchema = z.discriminatedUnion(
  "kind",
  [
    ...targetOptions,
    z.strictObject({
      kind: z.literal("process"),
      pid,
      startedAtMs: z.number().min(0).max(8.64e15).optional(),
    }),
  ],
  { error: "say whose traffic is meant: a program, a user, an interface..." },
);

export const rateSchema = z
  .number({ error: "a rate is a number of bytes a second" })
  .refine((value) => value !== 0, { error: "nothing would pass at all: block it instead" })
  .refine((value) => value >= 0, { error: "a rate cannot be negative" })
  .refine((value) => value <= 0 || value >= MIN_LIMIT_BYTES_PER_SECOND, {
    error: (issue) =>
      `${formatBitRate(Number(issue.input))} is too little to pass a packet in time: give ${LOWEST} or more`,
  })
  .refine((value) => value <= MAX_LIMIT_BYTES_PER_SECOND, {
    error: (issue) =>
      `${formatBitRate(Number(issue.input))} is more than any interface has: give ${HIGHEST} or less`,
  });

const scheduleWindow = z.strictObject({
  days: z.array(z.enum(WEEKDAYS)).min(1).max(7),
  from: z.string().regex(/^\d{2}:\d{2}$/, { error: "write times as 09:00" }),
  to: z.string().regex(/^\d{2}:\d{2}$/, { error: "write times as 18:00" }),
});

const effects = {
  rxBytesPerSecond: rateSchema.nullable().optional(),
  txBytesPerSecond: rateSchema.nullable().optional(),
  block: z.boolean().optional(),
  rxGuaranteedBytesPerSecond: rateSchema.nullable().optional(),
  txGuaranteedBytesPerSecond: rateSchema.nullable().optional(),
  priority: z
    .int({ error: `a priority is a whole number from 0 to ${MAX_PRIORITY}` })
    .min(0, { error: `priorities are 0 (first) to ${MAX_PRIORITY}` })
    .max(MAX_PRIORITY, { error: `priorities are 0 (first) to ${MAX_PRIORITY}` })
    .optional(),
  exceptLan: z.boolean().optional(),
  enabled: z.boolean().optional(),
  schedule: z.array(scheduleWindow).min(1).max(MAX_SCHEDULE_WINDOWS).nullable().optional(),
  forMs: z
    .number()
    .min(1_000, { error: "a temporary rule holds for a second at least" })
    .max(MAX_LIMIT_FOR_MS, { error: "a temporary rule holds for a year at most" })
    .optional(),
  expiresAtMs: z.number().min(0).max(8.64e15).nullable().optional(),
};

export const limitWishSchema = z.strictObject({ target: limitTargetSchema, ...effects });
export const limitChangeSchema = z.strictObject({
  target: limitTargetSchema.optional(),
  ...effects,
});

/** A whole rule, as it is kept and told. */
export const limitRuleSchema = z.object({
  id: z.string().regex(/^[lq]\d{1,9}$/),
  target: z.discriminatedUnion("kind", [
    ...targetOptions,
    z.strictObject({ kind: z.literal("process"), pid, startedAtMs: z.number() }),
  ]),
  rxBytesPerSecond: rateSchema.nullable(),
  txBytesPerSecond: rateSchema.nullable(),
  block: z.boolean(),
  rxGuaranteedBytesPerSecond: rateSchema.nullable(),
  txGuaranteedBytesPerSecond: rateSchema.nullable(),
  priority: z.int().min(0).max(MAX_PRIORITY),
  exceptLan: z.boolean(),
  enabled: z.boolean(),
  schedule: z.array(scheduleWindow).min(1).max(MAX_SCHEDULE_WINDOWS).nullable(),
  expiresAtMs: z.number().nullable(),
  createdAtMs: z.number(),
});

const address = z.string().refine((text) => parseAddress(text) !== undefined, {
  error: "this is no address",
});
const port = z.int().min(0).max(65_535);
export const sessionPathSchema = z.strictObject({
  remoteAddress: address,
  remotePort: port,
  localAddress: address,
  localPort: port,
});

/** Never called: the compiler holds the schemas to the types. */
export function asWish(wish: z.infer<typeof limitWishSchema>): LimitWish {
  return wish;
}
export function asChange(change: z.infer<typeof limitChangeSchema>): LimitChange {
  return change;
}
