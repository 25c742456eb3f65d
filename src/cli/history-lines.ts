/** The past in a terminal: what it adds up to, how it went, and who it was. */

import { countryName } from "../model/country.ts";
import { formatBytes, formatDuration, formatShare } from "../model/format.ts";
import type {
  HistoryAnswer,
  HistoryBytes,
  HistoryGrouping,
  HistoryRow,
  HistoryState,
  HistoryTraffic,
} from "../model/history.ts";
import { clock } from "./answer.ts";
import { historyChart } from "./history-chart.ts";
import { type Column, formatTable } from "./table.ts";
import { safe, type Terminal } from "./terminal.ts";

/** An answer, and what the question left out because it never left this machine; null: nothing. */
export interface ShownAnswer extends HistoryAnswer {
  readonly leftOut: { readonly rxBytes: number; readonly txBytes: number } | null;
}

export interface HistoryForm {
  readonly title: string;
  readonly by: HistoryGrouping;
  /** Of which kind all bytes are; undefined: both, loopback apart. */
  readonly traffic: HistoryTraffic | undefined;
  readonly isFiltered: boolean;
  readonly ascii: boolean;
  /** Where there is nothing to show: what says why. */
  readonly state: HistoryState | undefined;
}

const SHOWN_GAPS = 3;
const WIDTH = 80;

export function historyLines(
  answer: ShownAnswer,
  form: HistoryForm,
  terminal: Pick<Terminal, "columns" | "paint">,
): string[] {
  const heading = `${periodText(answer)}${form.title === "" ? "" : `  (${form.title.toLowerCase()})`}`;
  const lines = [terminal.paint("bold", heading)];
  if (answer.rows.length === 0) {
    return [...lines, emptyReason(answer, form), ...leftOutLines(answer), ...gapLines(answer)];
  }
  const { series, percentile95, observedMs } = answer;
  const width = terminal.columns ?? WIDTH;
  if (series !== null) lines.push(...historyChart(series, { width, ascii: form.ascii }));
  lines.push(totalLine(answer, form), ...watchedLines(answer, observedMs));
  if (percentile95 !== null) {
    const { rxBytesPerSecond, txBytesPerSecond, sampleMs } = percentile95;
    lines.push(
      `95th percentile of ${formatDuration(sampleMs)}: ${formatBytes(rxBytesPerSecond)}/s down, ` +
        `${formatBytes(txBytesPerSecond)}/s up`,
    );
  }
  const [titles = "", ...table] = formatTable(
    tableRows(answer),
    columnsFor(answer, form),
    terminal.columns,
  );
  return [
    ...lines,
    "",
    terminal.paint("bold", titles),
    ...table,
    ...leftOutLines(answer),
    ...gapLines(answer),
  ];
}

/** What DOWN and UP say: networks alone, or what is loopback where only that is asked for. */
function shownBytes(bytes: HistoryBytes, { traffic }: HistoryForm): Bytes {
  if (traffic !== undefined) return bytes;
  return {
    rxBytes: bytes.rxBytes - bytes.rxLoopbackBytes,
    txBytes: bytes.txBytes - bytes.txLoopbackBytes,
  };
}

type Bytes = Pick<HistoryBytes, "rxBytes" | "txBytes">;

/** The machine's own total has no loopback in it, all others do. */
function totalOf(bytes: HistoryBytes, form: HistoryForm): Bytes {
  return form.isFiltered ? shownBytes(bytes, form) : bytes;
}

/** Beside what DOWN and UP say. */
function loopbackOf(bytes: HistoryBytes, { traffic }: HistoryForm): number {
  return traffic === undefined ? bytes.rxLoopbackBytes + bytes.txLoopbackBytes : 0;
}

function leftOutLines({ leftOut }: ShownAnswer): string[] {
  const bytes = leftOut === null ? 0 : leftOut.rxBytes + leftOut.txBytes;
  if (bytes === 0) return [];
  return [
    "",
    `Left out: ${formatBytes(bytes)} within this machine (--scope all shows them as well, --scope loopback alone)`,
  ];
}

function periodText({ fromMs, toMs }: HistoryAnswer): string {
  const [from, to] = [clock(fromMs), clock(toMs)];
  const isSameDay = from.slice(0, 10) === to.slice(0, 10);
  return `${from.slice(0, 16)} to ${(isSameDay ? to.slice(11) : to).slice(0, isSameDay ? 5 : 16)}`;
}

function totalLine({ total, before }: HistoryAnswer, form: HistoryForm): string {
  const { rxBytes, txBytes } = totalOf(total, form);
  const loopback = loopbackOf(total, form);
  const old = before === null ? undefined : totalOf(before.total, form);
  const compared =
    old === undefined
      ? ""
      : `; the period before ${formatBytes(old.rxBytes)} down, ${formatBytes(old.txBytes)} up`;
  const within =
    form.traffic === "loopback"
      ? " within this machine"
      : loopback === 0
        ? ""
        : `; ${formatBytes(loopback)} within this machine`;
  return `In all ${formatBytes(rxBytes)} down, ${formatBytes(txBytes)} up${within}${compared}`;
}

/** Only where a part was not watched; the clock may be a tick ahead of the last one. */
function watchedLines({ fromMs, toMs }: HistoryAnswer, observedMs: number): string[] {
  const lengthMs = toMs - fromMs;
  if (observedMs >= lengthMs * 0.995) return [];
  return [`Watched for ${formatDuration(observedMs)} of it, ${formatShare(observedMs / lengthMs)}`];
}

const REASONS: Readonly<Record<string, string>> = {
  off: "Monitauri was off",
  suspended: "the machine slept",
  "clock-changed": "the clock was changed",
  "sampler-restarted": "counting was started again",
  late: "a sample came late",
  "not-kept": "it could not be written",
};

function gapLines({ gaps }: HistoryAnswer): string[] {
  const shown = gaps.slice(0, SHOWN_GAPS).map(({ fromMs, toMs, reason, detail }) => {
    const why = detail === "" ? (REASONS[reason] ?? reason) : safe(detail);
    return `Gap of ${formatDuration(toMs - fromMs)} from ${clock(fromMs)}: ${why}`;
  });
  const more = gaps.length - shown.length;
  if (shown.length === 0) return [];
  return ["", ...shown, ...(more > 0 ? [`and ${more} more (--json has all)`] : [])];
}

function emptyReason(answer: HistoryAnswer, { isFiltered, state }: HistoryForm): string {
  if (state?.firstAtMs === undefined) {
    return "Nothing to show: the history is empty. It begins with the first traffic that is counted.";
  }
  if (answer.toMs <= state.firstAtMs) {
    return `Nothing to show: the history begins on ${clock(state.firstAtMs).slice(0, 10)}.`;
  }
  if (answer.observedMs === 0) return "Nothing to show: Monitauri did not run then.";
  if (isFiltered) return "Nothing to show: no traffic in this period fits the filter.";
  return "Nothing to show: no traffic was counted in this period.";
}

type TableRow = Pick<HistoryRow, "key" | "name" | "before"> & HistoryBytes;

function tableRows({ rows, others }: HistoryAnswer): TableRow[] {
  return others === null ? [...rows] : [...rows, { ...others, name: `${others.count} others` }];
}

function columnsFor(answer: HistoryAnswer, form: HistoryForm): readonly Column<TableRow>[] {
  const { rxBytes, txBytes } = totalOf(answer.total, form);
  const loopback = (row: HistoryBytes) => loopbackOf(row, form);
  const all = rxBytes + txBytes + loopback(answer.total);
  const shareOf = (row: TableRow) => (all === 0 ? 0 : (row.rxBytes + row.txBytes) / all);
  const shown = (row: TableRow) => shownBytes(row, form);
  const columns: Column<TableRow>[] = [
    {
      title: form.by.toUpperCase(),
      align: "left",
      text: (row) => nameOf(row, form.by),
      shrinksTo: 16,
    },
    { title: "DOWN", align: "right", text: (row) => formatBytes(shown(row).rxBytes) },
    { title: "UP", align: "right", text: (row) => formatBytes(shown(row).txBytes) },
    { title: "SHARE", align: "right", text: (row) => formatShare(shareOf(row)) },
    { title: "", align: "left", text: (row) => bar(shareOf(row), form.ascii), leaves: 3 },
  ];
  if (answer.before !== null) {
    columns.push({ title: "CHANGE", align: "right", text: changeOf, leaves: 2 });
  }
  if (
    [...answer.rows, ...(answer.others ? [answer.others] : [])].some((row) => loopback(row) > 0)
  ) {
    const text = (row: TableRow) => (loopback(row) === 0 ? "-" : formatBytes(loopback(row)));
    columns.push({ title: "LOOPBACK", align: "right", text, leaves: 4 });
  }
  if (answer.rows.some(({ connectionsOpened }) => connectionsOpened !== null)) {
    const text = (row: TableRow) => String(row.connectionsOpened ?? "-");
    columns.push({ title: "OPENED", align: "right", text, leaves: 5 });
  }
  return columns;
}

function nameOf({ key, name }: TableRow, by: HistoryGrouping): string {
  if (name === "") return "unknown";
  return by === "country" && /^[A-Z]{2}$/.test(key) ? `${key} ${countryName(key)}` : safe(name);
}

const BAR = 12;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

function bar(share: number, ascii: boolean): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * BAR * 8);
  if (ascii) return "#".repeat(Math.round(eighths / 8));
  return "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
}

function changeOf(row: TableRow): string {
  if (row.before === null) return "-";
  const bytes = row.rxBytes + row.txBytes;
  const before = row.before.rxBytes + row.before.txBytes;
  if (before === 0) return bytes === 0 ? "-" : "new";
  const percent = Math.round((bytes / before - 1) * 100);
  return percent > 9_999
    ? `x ${Math.round(bytes / before)}`
    : `${percent > 0 ? "+" : ""}${percent} %`;
}
