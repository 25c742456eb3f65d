/** Reads what `vnstat --json` prints: days per interface. */

import { z } from "zod";
import { MonitauriError } from "../model/error.ts";

/** What an interface counted on one local day. */
export interface ImportedDay {
  /** "2026-11-08" */
  readonly date: string;
  readonly interface: string;
  readonly rxBytes: number;
  readonly txBytes: number;
}

/** vnStat keeps as many days as it is told to; a hundred years of ten interfaces are enough. */
const MAX_DAYS = 365_000;
const MAX_INTERFACES = 1_000;
/** vnStat 1 counts in KiB. */
const KIB = 1_024;

const day = z.object({
  date: z.object({
    year: z.int().min(1970).max(9999),
    month: z.int().min(1).max(12),
    day: z.int().min(1).max(31),
  }),
  rx: z.number().min(0),
  tx: z.number().min(0),
});
const days = z.array(day).max(MAX_DAYS);
const schema = z.object({
  jsonversion: z.coerce.string(),
  interfaces: z
    .array(
      z.object({
        name: z.string().optional(),
        id: z.string().optional(),
        traffic: z.object({ day: days.optional(), days: days.optional() }),
      }),
    )
    .max(MAX_INTERFACES),
});

/** @throws MonitauriError "invalid" where it is something else. */
export function parseVnstat(text: string): ImportedDay[] {
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(issue === undefined ? "" : `${issue.path.join(".")}: ${issue.message}`);
  }
  const { jsonversion, interfaces } = parsed.data;
  if (jsonversion !== "1" && jsonversion !== "2") throw invalid(`its version is ${jsonversion}`);
  const factor = jsonversion === "1" ? KIB : 1;
  return interfaces.flatMap(({ name, id, traffic }) =>
    (traffic.day ?? traffic.days ?? []).map(({ date, rx, tx }) => ({
      date: [date.year, pad(date.month), pad(date.day)].join("-"),
      interface: name ?? id ?? "",
      rxBytes: rx * factor,
      txBytes: tx * factor,
    })),
  );
}

function pad(number: number): string {
  return String(number).padStart(2, "0");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("it is no JSON");
  }
}

function invalid(why: string): MonitauriError {
  return new MonitauriError(
    "invalid",
    `Cannot import: this is not what vnstat prints (${why}). Make it with: vnstat --json`,
  );
}
