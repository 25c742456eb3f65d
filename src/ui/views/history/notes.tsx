/** What the numbers rest on: how fine, how much of the time was watched, how much has an owner; gaps and restarts. */

import { formatDuration, formatShare } from "../../../model/format.ts";
import {
  HISTORY_LEVELS,
  type HistoryAnswer,
  type HistoryLevel,
  type HistoryState,
} from "../../../model/history.ts";
import { stepText } from "./buckets.ts";
import { gapText } from "./gap-words.ts";
import { periodText } from "./periods.ts";
import type { Zone } from "./zone.ts";

export interface NotesProps {
  readonly answer: HistoryAnswer;
  readonly state: HistoryState;
  readonly zone: Zone;
  readonly isFiltered: boolean;
  /** What the thin dashed line is; "" where there is none. */
  readonly beforeText?: string;
  /** There is nothing that these could be said of: only gaps and restarts. */
  readonly isEmpty?: boolean;
}

const SHOWN = 60;

export function Notes(props: NotesProps) {
  const { answer, state, zone, isEmpty = false } = props;
  return (
    <div className="note">
      {isEmpty ? null : <p>{sentences(props).join(" · ")}</p>}
      {state.fault === undefined ? null : (
        <p className="wrong">The history cannot be written now: {state.fault}</p>
      )}
      <Marks answer={answer} zone={zone} />
    </div>
  );
}

function sentences({ answer, state, zone, isFiltered, beforeText = "" }: NotesProps): string[] {
  const { series, observedMs, fromMs, toMs } = answer;
  const lengthMs = Math.min(toMs, state.lastAtMs ?? toMs) - fromMs;
  const finer = series === null ? undefined : finerLevel(series.level, answer, state);
  const share = isFiltered ? undefined : attributedShare(answer);
  return [
    ...(series === null ? [] : [`drawn by ${stepText(series.stepMs)}`]),
    ...(answer.before === null || beforeText === "" ? [] : [`dashed: ${beforeText}`]),
    ...(finer === undefined
      ? []
      : [`${finer}s are kept since ${zone.format(state.keptFromMs[finer], "date")}`]),
    ...(observedMs >= lengthMs * 0.995
      ? ["watched throughout"]
      : [`watched ${formatDuration(observedMs)} of ${formatDuration(toMs - fromMs)}`]),
    ...(share === undefined ? [] : [`${formatShare(share)} of bytes have an owner`]),
    ...(isElsewhere(zone, toMs) ? [`times of ${zone.name}`] : []),
  ];
}

/** One that would have been used, had it been kept. */
function finerLevel(
  level: HistoryLevel,
  { fromMs, toMs, series }: HistoryAnswer,
  { keptFromMs }: HistoryState,
): HistoryLevel | undefined {
  const finer = HISTORY_LEVELS[HISTORY_LEVELS.indexOf(level) - 1];
  if (finer === undefined || finer === "second" || keptFromMs[finer] <= fromMs) return undefined;
  // Not where the steps are long because the period is.
  return (series?.startsMs.length ?? 0) > COARSE_STEPS || keptFromMs[finer] > toMs
    ? undefined
    : finer;
}

const COARSE_STEPS = 60;

function attributedShare({ coverage }: HistoryAnswer): number | undefined {
  const sum = (of: (row: HistoryAnswer["coverage"][number]) => number) =>
    coverage.reduce((all, row) => all + of(row), 0);
  const counted = sum((row) => row.rxCountedBytes + row.txCountedBytes);
  if (counted === 0) return undefined;
  return sum((row) => row.rxAttributedBytes + row.txAttributedBytes) / counted;
}

/** Where this browser would show another time. */
export function isElsewhere({ name, local }: Zone, atMs: number): boolean {
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (own === name) return false;
  const here = new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000).toISOString();
  return here.slice(0, 16) !== local(atMs).slice(0, 16);
}

function Marks({ answer, zone }: Pick<NotesProps, "answer" | "zone">) {
  const { gaps, sessions, toMs } = answer;
  const starts = sessions.filter(({ fromMs }) => fromMs >= answer.fromMs);
  const all = [
    ...gaps.map((gap) => ({
      atMs: gap.fromMs,
      text: `${periodText(gap, { zone, nowMs: toMs })}: ${gapText(gap)}, ${formatDuration(gap.toMs - gap.fromMs)}`,
    })),
    ...starts.map(({ fromMs, version, clean }) => ({
      atMs: fromMs,
      text: `${zone.format(fromMs, "weekday")}, ${zone.format(fromMs, "clock")}: Monitauri ${version} started${endText(clean)}`,
    })),
  ].sort((a, b) => b.atMs - a.atMs);
  if (all.length === 0) return null;
  return (
    <details>
      <summary>
        {[countText(gaps.length, "gap"), countText(starts.length, "start")]
          .filter((text) => text !== "")
          .join(", ")}
      </summary>
      <ul>
        {all.slice(0, SHOWN).map(({ atMs, text }) => (
          <li key={`${atMs} ${text}`}>{text}</li>
        ))}
        {all.length > SHOWN ? <li>and {all.length - SHOWN} more</li> : null}
      </ul>
    </details>
  );
}

function endText(clean: boolean | null): string {
  if (clean === null) return "; it runs";
  return clean ? "" : "; it ended without a farewell";
}

function countText(count: number, what: string): string {
  if (count === 0) return "";
  return count === 1 ? `one ${what}` : `${count} ${what}s`;
}
