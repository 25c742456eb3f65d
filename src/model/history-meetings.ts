/** Who met whom, and what interfaces counted step by step: questions that alerts ask the history, within the daemon. */

import type { CoverageBytes, Period } from "./history.ts";

export interface MeetingQuery extends Period {
  readonly of: "country" | "remote";
  /** Only these. */
  readonly values?: readonly string[];
  /** The first time of each program and value, or each hour in which it was so. */
  readonly each: "first" | "hour";
  /** Of whole days too, the hour and not the day, where it is kept. */
  readonly toHour?: true;
}

/** Bytes of a program went to or came from there. */
export interface Meeting {
  /** Application.key */
  readonly application: string;
  readonly name: string;
  /** ISO 3166-1 alpha-2, or a host name or address as the history keeps it; never "". */
  readonly value: string;
  readonly user: string;
  readonly container: string;
  /** When it began, as exactly as the history has it: the minute, the hour or the day. */
  readonly atMs: number;
}

/** Meetings of one answer. */
export const MAX_MEETINGS = 20_000;

export interface MeetingAnswer {
  /** The oldest first, MAX_MEETINGS at most. */
  readonly meetings: readonly Meeting[];
  /** There were more. */
  readonly isCut: boolean;
  /** How much of the period was watched. */
  readonly observedMs: number;
}

export interface CoverageQuery extends Period {
  /** Whole minutes; the history may only have longer ones. */
  readonly stepMs: number;
}

/** Rows of one answer: a week in steps of five minutes of ten interfaces. */
export const MAX_COVERAGE_ROWS = 20_000;

export interface CoverageAnswer {
  readonly stepMs: number;
  /** Those in which something was counted, the oldest first. */
  readonly steps: readonly {
    readonly startMs: number;
    readonly coverage: readonly CoverageBytes[];
  }[];
  readonly isCut: boolean;
  readonly observedMs: number;
}
