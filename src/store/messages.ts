/** What the main thread and the history thread say to each other: plain data. */

import type { ErrorCode } from "../model/error.ts";
import type {
  ExportPart,
  ExportQuery,
  HistoryAnswer,
  HistoryQuery,
  HistorySettings,
  HistoryState,
  HistoryTick,
  ImportReport,
  Period,
} from "../model/history.ts";
import type {
  CoverageAnswer,
  CoverageQuery,
  MeetingAnswer,
  MeetingQuery,
} from "../model/history-meetings.ts";

/** What can be asked, with the answer's type. */
export interface HistoryQuestions {
  query: { ask: HistoryQuery; answer: HistoryAnswer };
  meetings: { ask: MeetingQuery; answer: MeetingAnswer };
  coverage: { ask: CoverageQuery; answer: CoverageAnswer };
  exportPart: { ask: { query: ExportQuery; cursor: string | null }; answer: ExportPart };
  /** The output of `vnstat --json`. */
  importVnstat: { ask: string; answer: ImportReport };
  changeSettings: { ask: Partial<HistorySettings>; answer: HistorySettings };
  state: { ask: null; answer: HistoryState };
}

export type HistoryTopic = keyof HistoryQuestions;

export type ToHistory =
  /** `lost`: the time before it of which the ticks never reached this thread. */
  | { readonly kind: "tick"; readonly tick: HistoryTick; readonly lost: Period | null }
  | {
      readonly kind: "ask";
      readonly id: number;
      readonly topic: HistoryTopic;
      readonly what: unknown;
    }
  /** Writes what waits; the thread ends. */
  | { readonly kind: "stop" };

export type FromHistory =
  | { readonly kind: "opened"; readonly state: HistoryState }
  /** There is no history; the thread ends. */
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly message: string }
  /** A tick was written, or waits: with too many that are not, send no more. */
  | { readonly kind: "taken"; readonly atMs: number }
  /** What is wrong has changed: to be said in the log and in status. */
  | {
      readonly kind: "trouble";
      readonly trouble: Pick<HistoryState, "warnings" | "fault" | "lostTicks">;
    }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | {
      readonly kind: "refusal";
      readonly id: number;
      readonly code: ErrorCode;
      readonly message: string;
    };
