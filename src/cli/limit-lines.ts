/** Limits and quotas as lines of text: target against achieved, and what stands in the way. */

import { formatBytes, formatDuration } from "../model/format.ts";
import type { LimitChanged, LimitList, LimitRule, LimitState } from "../model/limit.ts";
import { conditionText, effectText, targetText } from "../model/limit-text.ts";
import type { Quota, QuotaPreview, QuotaState, QuotaStep } from "../model/quota.ts";
import { formatBitRate } from "../model/rate.ts";
import { clock } from "./answer.ts";
import { type Column, formatTable } from "./table.ts";
import { safe, type Terminal } from "./terminal.ts";

export type RateText = (bytesPerSecond: number) => string;

export function limitLines(list: LimitList, rate: RateText, terminal: Terminal): string[] {
  const { limits, capabilities, warnings } = list;
  const lines = warnings.map((text) => terminal.paint("yellow", safe(text)));
  if (capabilities.missing !== null) {
    const { reason, remedy } = capabilities.missing;
    lines.push(
      terminal.paint("yellow", `Nothing is enforced: ${safe(reason)}. To get it: ${safe(remedy)}`),
    );
  }
  if (limits.length === 0) {
    return [
      ...lines,
      "There are no limits. Add one: monitauri limit add --app firefox --down 5mbit",
    ];
  }
  const [titles = "", ...rows] = formatTable(limits, limitColumns(rate), terminal.columns);
  lines.push(terminal.paint("bold", titles), ...rows);
  for (const one of limits) {
    for (const text of remarksOf(one, list.atMs)) lines.push(terminal.paint("yellow", text));
  }
  return lines;
}

export function quotaLines(list: LimitList, terminal: Terminal): string[] {
  const { quotas } = list;
  if (quotas.length === 0) {
    return ["There are no quotas. Add one: monitauri quota add --machine --bytes 100GB"];
  }
  const [titles = "", ...rows] = formatTable(quotas, QUOTA_COLUMNS, terminal.columns);
  const remarks = quotas.flatMap(({ quota, reason }) =>
    reason === null ? [] : [terminal.paint("yellow", `${quota.id}: ${safe(reason)}`)],
  );
  return [terminal.paint("bold", titles), ...rows, ...remarks];
}

/** "l1: firefox down 5.00 Mbit/s, mon-fri 09:00-18:00" */
export function ruleLine(rule: LimitRule, atMs: number): string {
  const condition = conditionText(rule, atMs);
  const off = rule.enabled ? "" : " (off)";
  return `${rule.id}: ${targetText(rule.target)} ${effectText(rule)}${condition === "" ? "" : `, ${condition}`}${off}`;
}

export function changedLines({ rule, warnings }: LimitChanged, atMs: number): string[] {
  return [ruleLine(rule, atMs), ...warnings.map((text) => `Note: ${safe(text)}`)];
}

/** "80%:notify 100%:throttle:1.00 Mbit/s 120%:block" */
export function stepsText(steps: readonly QuotaStep[]): string {
  return steps
    .map(({ atShare, action }) => {
      const share = `${Number((atShare * 100).toFixed(2))}%`;
      if (action.do !== "throttle") return `${share}:${action.do}`;
      const { rxBytesPerSecond: rx, txBytesPerSecond: tx } = action;
      const rates = rx === tx ? [rx] : [rx, tx];
      return `${share}:throttle:${rates.map((one) => (one === null ? "-" : formatBitRate(one))).join("/")}`;
    })
    .join(" ");
}

export function quotaLine(quota: Quota): string {
  const { id, target, bytes, period, startDay, direction, steps } = quota;
  const from = period === "billing" ? ` from day ${startDay}` : "";
  const which = direction === "both" ? "" : direction === "rx" ? " of download" : " of upload";
  return `${id}: ${targetText(target)} ${formatBytes(bytes)}${which} a ${PERIODS[period]}${from}, ${stepsText(steps)}`;
}

export function quotaPreviewLines({ state, lines }: QuotaPreview): string[] {
  const { quota, usedBytes, share, periodFromMs, periodToMs, reason } = state;
  const used = `${formatBytes(usedBytes)} (${Math.floor(share * 1000) / 10} %) is used since`;
  const step = state.step === null ? undefined : quota.steps[state.step];
  return [
    quotaLine(quota),
    `${used} ${clock(periodFromMs).slice(0, 16)}; it begins anew ${clock(periodToMs).slice(0, 16)}`,
    ...(reason === null ? [] : [`Note: ${safe(reason)}`]),
    step === undefined || state.state === "disabled" || state.state === "overridden"
      ? "Nothing would be done now."
      : `It would be ${state.state} now, by the step ${stepsText([step])}`,
    ...lines.map((line) => safe(line)),
  ];
}

const PERIODS = { day: "day", week: "week", month: "month", billing: "billing cycle" };

function limitColumns(rate: RateText): readonly Column<LimitState>[] {
  return [
    { title: "ID", align: "left", text: ({ rule }) => rule.id },
    {
      title: "LIMIT",
      align: "left",
      text: ({ rule }) => safe(targetText(rule.target)),
      shrinksTo: 10,
    },
    {
      title: "DOWN",
      align: "right",
      text: ({ rule }) => capText(rule, rule.rxBytesPerSecond, rate),
    },
    {
      title: "NOW",
      align: "right",
      text: ({ achieved }) => rateText(achieved?.rxBytesPerSecond, rate),
    },
    { title: "UP", align: "right", text: ({ rule }) => capText(rule, rule.txBytesPerSecond, rate) },
    {
      title: "NOW",
      align: "right",
      text: ({ achieved }) => rateText(achieved?.txBytesPerSecond, rate),
    },
    { title: "STATE", align: "left", text: ({ state }) => state },
    {
      title: "DROPS",
      align: "right",
      text: ({ achieved }) =>
        achieved === undefined ? "-" : String(achieved.rxDrops + achieved.txDrops),
      leaves: 3,
    },
    {
      title: "WAITING",
      align: "right",
      text: ({ achieved }) =>
        achieved === undefined
          ? "-"
          : formatBytes(achieved.rxBacklogBytes + achieved.txBacklogBytes),
      leaves: 4,
    },
    {
      title: "WITHIN",
      align: "left",
      text: ({ within }) => within.join(","),
      leaves: 5,
      shrinksTo: 6,
    },
    {
      title: "WHEN",
      align: "left",
      text: ({ rule }) => conditionText(rule, Date.now()) || "always",
      shrinksTo: 8,
      leaves: 1,
    },
    { title: "APPLIES TO", align: "left", text: appliesText, shrinksTo: 10, leaves: 2 },
  ];
}

function capText(rule: LimitRule, cap: number | null, rate: RateText): string {
  if (rule.block) return "blocked";
  return cap === null ? "-" : rate(cap);
}

function rateText(value: number | null | undefined, rate: RateText): string {
  return value === null || value === undefined ? "-" : rate(value);
}

function appliesText({ rule, appliesTo, appliesToCount }: LimitState): string {
  if (rule.target.kind === "machine") return "everything";
  if (appliesToCount === 0) return "nothing now";
  const more =
    appliesToCount > appliesTo.length ? ` and ${appliesToCount - appliesTo.length} more` : "";
  return safe(appliesTo.join(", ")) + more;
}

function remarksOf({ rule, state, reason, confirmByMs }: LimitState, atMs: number): string[] {
  const remarks: string[] = [];
  if (reason !== null)
    remarks.push(`${rule.id}: ${state === "active" ? "" : `${state}: `}${safe(reason)}`);
  if (confirmByMs !== null) {
    const left = formatDuration(confirmByMs - atMs);
    remarks.push(
      `${rule.id}: taken back in ${left} unless confirmed: monitauri limit confirm ${rule.id}`,
    );
  }
  return remarks;
}

const QUOTA_COLUMNS: readonly Column<QuotaState>[] = [
  { title: "ID", align: "left", text: ({ quota }) => quota.id },
  {
    title: "QUOTA",
    align: "left",
    text: ({ quota }) => safe(targetText(quota.target)),
    shrinksTo: 10,
  },
  {
    title: "PERIOD",
    align: "left",
    text: ({ quota }) => (quota.period === "billing" ? `day ${quota.startDay}` : quota.period),
  },
  { title: "USED", align: "right", text: ({ usedBytes }) => formatBytes(usedBytes) },
  { title: "OF", align: "right", text: ({ quota }) => formatBytes(quota.bytes) },
  { title: "SHARE", align: "right", text: ({ share }) => `${Math.floor(share * 1000) / 10} %` },
  { title: "STATE", align: "left", text: ({ state }) => state },
  {
    title: "ENDS",
    align: "left",
    text: ({ periodToMs }) => clock(periodToMs).slice(0, 16),
    leaves: 2,
  },
  { title: "STEPS", align: "left", text: ({ quota }) => stepsText(quota.steps), leaves: 1 },
];
