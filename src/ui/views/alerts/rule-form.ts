/** A rule as the editor holds it, all texts, and the way from and to the rule itself (pure). */

import {
  type AlertCondition,
  type AlertDirection,
  type AlertKind,
  type AlertPeriod,
  type AlertRule,
  type AlertRuleDraft,
  type AlertScopeKind,
  type AlertSeverity,
  CONTACTS,
  LIMIT_TROUBLES,
  NEWCOMERS,
  type QuietHours,
  SCOPES_OF_KIND,
  UNUSUALS,
} from "../../../model/alert.ts";
import { formatDuration, parseDuration } from "../../../model/format.ts";
import { parseRate } from "../../../model/rate.ts";

export interface RuleForm {
  readonly kind: AlertKind;
  readonly scopeKind: AlertScopeKind;
  /** "" is each of them. */
  readonly match: string;
  readonly direction: AlertDirection;
  readonly comparison: "above" | "below";
  readonly rate: string;
  readonly lasting: string;
  readonly period: AlertPeriod;
  readonly cycleDay: string;
  readonly cap: string;
  readonly percentages: string;
  /** Of newcomers, contacts, unusual hours and limits: which. */
  readonly of: readonly string[];
  readonly deviations: string;
  readonly list: string;
  /** Percent. */
  readonly share: string;
  readonly severity: AlertSeverity;
  readonly channels: readonly string[];
  readonly tellEnd: boolean;
  readonly coolDown: string;
  readonly quietFrom: string;
  readonly quietTo: string;
  readonly digest: string;
}

export type FormField = keyof RuleForm;
export type FormResult =
  | { readonly draft: AlertRuleDraft }
  | { readonly wrong: Readonly<Partial<Record<FormField, string>>> };

/** What can be chosen of those kinds, with words. */
export const CHOICES: Readonly<Partial<Record<AlertKind, readonly (readonly [string, string])[]>>> =
  {
    newcomer: [
      ["program", "a program uses the network for the first time"],
      ["executable", "a known program is another file than before"],
    ],
    "first-contact": [
      ["country", "a country"],
      ["network", "a network (its operator)"],
    ],
    unusual: [
      ["volume", "it moves much more than it usually does"],
      ["hour", "it is active at an hour when it never is"],
      ["upload", "it sends where it usually receives"],
    ],
    limit: [
      ["defeated", "traffic gets past it"],
      ["saturated", "it is used to the full"],
      ["quota", "a quota reaches a step"],
    ],
  };

export const EMPTY_FORM: RuleForm = {
  kind: "rate",
  scopeKind: "application",
  match: "",
  direction: "both",
  comparison: "above",
  rate: "10mbit",
  lasting: "30s",
  period: "month",
  cycleDay: "1",
  cap: "50GB",
  percentages: "80, 100",
  of: [],
  deviations: "6",
  list: "",
  share: "95",
  severity: "warning",
  channels: [],
  tellEnd: false,
  coolDown: "15min",
  quietFrom: "",
  quietTo: "",
  digest: "",
};

/** The form that a kind begins with: everything of it chosen, and a scope that it can have. */
export function withKind(form: RuleForm, kind: AlertKind): RuleForm {
  const scopes = SCOPES_OF_KIND[kind];
  const scopeKind = scopes.includes(form.scopeKind) ? form.scopeKind : (scopes[0] ?? "machine");
  const of = (CHOICES[kind] ?? []).map(([value]) => value);
  return { ...form, kind, scopeKind, of, lasting: LASTING[kind] ?? form.lasting };
}

const LASTING: Readonly<Partial<Record<AlertKind, string>>> = {
  rate: "30s",
  coverage: "5min",
  "interface-gone": "10s",
  degraded: "1min",
};

export function formOf(rule: AlertRule): RuleForm {
  const { condition, scope, quietHours } = rule;
  const base: RuleForm = {
    ...withKind(EMPTY_FORM, condition.kind),
    scopeKind: scope.kind,
    match: scope.match === "*" ? "" : scope.match,
    severity: rule.severity,
    channels: rule.channels,
    tellEnd: rule.tellEnd,
    coolDown: durationText(rule.coolDownMs),
    quietFrom: quietHours === null ? "" : timeText(quietHours.fromMinute),
    quietTo: quietHours === null ? "" : timeText(quietHours.toMinute),
    digest: rule.digestMs === 0 ? "" : durationText(rule.digestMs),
  };
  return { ...base, ...fieldsOf(condition) };
}

/** A draft, or what is wrong with which field. The daemon checks it again. */
export function draftOf(form: RuleForm): FormResult {
  const wrong: Partial<Record<FormField, string>> = {};
  const fail = (field: FormField, why: string): undefined => {
    wrong[field] = why;
    return undefined;
  };
  const coolDownMs = durationOf(form, "coolDown", fail);
  const digestMs = form.digest.trim() === "" ? 0 : durationOf(form, "digest", fail);
  const quietHours = quietHoursOf(form, fail);
  const condition = conditionOf(form, fail);
  if (
    condition === undefined ||
    coolDownMs === undefined ||
    digestMs === undefined ||
    quietHours === undefined ||
    Object.keys(wrong).length > 0
  ) {
    return { wrong };
  }
  const match = form.match.trim();
  return {
    draft: {
      condition,
      scope: {
        kind: form.scopeKind,
        match: form.scopeKind === "machine" || match === "" ? "*" : match,
      },
      severity: form.severity,
      channels: form.channels,
      tellEnd: form.tellEnd,
      coolDownMs,
      digestMs,
      quietHours,
    },
  };
}

type Fail = (field: FormField, why: string) => undefined;

function conditionOf(form: RuleForm, fail: Fail): AlertCondition | undefined {
  switch (form.kind) {
    case "rate": {
      const bytesPerSecond = parseRate(form.rate) ?? fail("rate", "write 10mbit or 1.5MB/s");
      const forMs = durationOf(form, "lasting", fail);
      if (bytesPerSecond === undefined || forMs === undefined) return undefined;
      const { comparison, direction } = form;
      return { kind: "rate", comparison, direction, bytesPerSecond, forMs };
    }
    case "volume":
    case "forecast":
      return capOf(form, fail);
    case "newcomer":
      return chosen(form, NEWCOMERS, fail, (of) => ({ kind: "newcomer", of }));
    case "first-contact":
      return chosen(form, CONTACTS, fail, (of) => ({ kind: "first-contact", of }));
    case "unusual": {
      const deviations = Number(form.deviations);
      if (!(deviations >= 2 && deviations <= 50)) return fail("deviations", "2 to 50");
      return chosen(form, UNUSUALS, fail, (of) => ({ kind: "unusual", of, deviations }));
    }
    case "block-list": {
      const list = form.list.trim();
      if (list === "") return fail("list", "give the path of a file, or an https address");
      return { kind: "block-list", list };
    }
    case "limit":
      return chosen(form, LIMIT_TROUBLES, fail, (of) => ({ kind: "limit", of }));
    case "coverage": {
      const percent = Number(form.share);
      if (!(percent > 0 && percent <= 100)) return fail("share", "a share between 0 and 100 %");
      const forMs = durationOf(form, "lasting", fail);
      return forMs === undefined
        ? undefined
        : { kind: "coverage", belowShare: percent / 100, forMs };
    }
    case "interface-gone":
    case "degraded": {
      const { kind } = form;
      const forMs = durationOf(form, "lasting", fail);
      return forMs === undefined ? undefined : { kind, forMs };
    }
  }
}

function capOf(form: RuleForm, fail: Fail): AlertCondition | undefined {
  const capBytes = parseRate(form.cap) ?? fail("cap", "write 50GB or 500MB");
  const cycleDay = Number(form.cycleDay);
  if (form.period === "cycle" && !(Number.isInteger(cycleDay) && cycleDay >= 1 && cycleDay <= 31)) {
    return fail("cycleDay", "a day from 1 to 31");
  }
  if (capBytes === undefined) return undefined;
  const cap = {
    direction: form.direction,
    period: form.period,
    cycleDay: form.period === "cycle" ? cycleDay : 1,
    capBytes,
  };
  if (form.kind === "forecast") return { kind: "forecast", ...cap };
  const percentages = form.percentages
    .split(/[\s,;%]+/)
    .filter((part) => part !== "")
    .map(Number);
  const isUpwards = percentages.every((value, at) => value > (percentages[at - 1] ?? 0));
  if (percentages.length === 0 || !isUpwards) {
    return fail("percentages", "percentages that go upwards, as 80, 100");
  }
  return { kind: "volume", ...cap, percentages };
}

function chosen<T extends string>(
  { of }: RuleForm,
  known: readonly T[],
  fail: Fail,
  condition: (of: readonly T[]) => AlertCondition,
): AlertCondition | undefined {
  const found = known.filter((one) => of.includes(one));
  return found.length === 0 ? fail("of", "choose one at least") : condition(found);
}

function durationOf(form: RuleForm, field: "lasting" | "coolDown" | "digest", fail: Fail) {
  const text = form[field].trim();
  const ms = text === "0" ? 0 : parseDuration(text);
  return ms ?? fail(field, "write 30s, 15min or 2h");
}

/** null: none. */
function quietHoursOf({ quietFrom, quietTo }: RuleForm, fail: Fail): QuietHours | null | undefined {
  if (quietFrom === "" && quietTo === "") return null;
  const fromMinute = minuteOf(quietFrom);
  const toMinute = minuteOf(quietTo);
  if (fromMinute === undefined || toMinute === undefined || fromMinute === toMinute) {
    return fail("quietFrom", "give two times of the day, or none");
  }
  return { fromMinute, toMinute };
}

function minuteOf(text: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}

function timeText(minute: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

/** As parseDuration() reads it back: the largest unit that divides it. */
function durationText(ms: number): string {
  if (ms === 0) return "0";
  const [unit = "ms", size = 1] = UNITS_MS.find(([, one]) => ms % one === 0) ?? [];
  return `${ms / size}${unit}`;
}

const UNITS_MS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
];

/** Amounts go into the texts in a unit that reads them back without loss. */
function fieldsOf(condition: AlertCondition): Partial<RuleForm> {
  switch (condition.kind) {
    case "rate":
      return {
        comparison: condition.comparison,
        direction: condition.direction,
        rate: amountText(condition.bytesPerSecond * 8, "bit"),
        lasting: durationText(condition.forMs),
      };
    case "volume":
    case "forecast":
      return {
        direction: condition.direction,
        period: condition.period,
        cycleDay: String(condition.cycleDay),
        cap: amountText(condition.capBytes, "B"),
        ...(condition.kind === "volume" ? { percentages: condition.percentages.join(", ") } : {}),
      };
    case "newcomer":
    case "first-contact":
    case "limit":
      return { of: condition.of };
    case "unusual":
      return { of: condition.of, deviations: String(condition.deviations) };
    case "block-list":
      return { list: condition.list };
    case "coverage":
      return {
        share: String(Number((condition.belowShare * 100).toFixed(4))),
        lasting: durationText(condition.forMs),
      };
    case "interface-gone":
    case "degraded":
      return { lasting: durationText(condition.forMs) };
  }
}

function amountText(amount: number, unit: "bit" | "B"): string {
  const [prefix = "", size = 1] =
    PREFIXES.find(([, one]) => amount >= one && Number.isInteger((amount / one) * 1_000)) ?? [];
  const shown = unit === "B" ? prefix.toUpperCase().replace("K", "k") : prefix;
  return `${amount / size}${shown}${unit}`;
}

const PREFIXES: readonly (readonly [string, number])[] = [
  ["t", 1e12],
  ["g", 1e9],
  ["m", 1e6],
  ["k", 1e3],
];

/** "for 30 s", for a row that says how long a rule rests. */
export function restText(coolDownMs: number): string {
  return coolDownMs === 0 ? "each time" : `at most every ${formatDuration(coolDownMs)}`;
}
