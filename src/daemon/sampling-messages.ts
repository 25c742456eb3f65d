/** What the main thread and the sampling thread say to each other: plain data. */

import type { Config } from "../model/config.ts";
import type { ErrorCode } from "../model/error.ts";
import type { HistoryTick } from "../model/history.ts";
import type {
  ConnectionList,
  ConnectionsQuery,
  Listener,
  PsQuery,
  PsRow,
} from "../model/monitauri.ts";
import type { DataCredit } from "../model/naming.ts";
import type { Grouping, GroupRow, Sample } from "../model/sample.ts";
import type { Unavailable } from "../model/unavailable.ts";

/** What the main thread can ask, with the answer's type. */
export interface Questions {
  ps: { ask: PsQuery; answer: readonly PsRow[] };
  connections: { ask: ConnectionsQuery; answer: ConnectionList };
  listeners: { ask: null; answer: readonly Listener[] };
  groups: { ask: Grouping; answer: readonly GroupRow[] };
}

export type Topic = keyof Questions;

export type ToSampling =
  | { readonly kind: "ask"; readonly id: number; readonly topic: Topic; readonly what: unknown }
  | { readonly kind: "interval"; readonly intervalMs: number }
  | { readonly kind: "stop" };

export type FromSampling =
  /** A collector is open; samples follow. */
  | {
      readonly kind: "opened";
      readonly passedOver: readonly Unavailable[];
      readonly credits: readonly DataCredit[];
    }
  /** Nothing on this machine can count; the thread ends. */
  | { readonly kind: "unavailable"; readonly missing: readonly Unavailable[] }
  | { readonly kind: "sample"; readonly sample: Sample; readonly tick: HistoryTick }
  /** All descriptors that keep kernel programs attached, whenever they change: the process has them, not the thread, so
   * that they must be closed by the main thread when this one has died. */
  | { readonly kind: "descriptors"; readonly descriptors: readonly number[] }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | {
      readonly kind: "refusal";
      readonly id: number;
      readonly code: ErrorCode;
      readonly message: string;
    }
  /** A reading failed; the next one is tried. */
  | { readonly kind: "fault"; readonly message: string };

/** What a sampling thread is started with. */
export interface SamplingData {
  readonly intervalMs: number;
  /** Wall clock of the last sample of the thread before this one, which died. */
  readonly restartedAfterMs?: number;
  readonly naming: NamingData;
}

export interface NamingData {
  /** Read names and protocols from first packets. */
  readonly isOn: boolean;
  /** File of countries and networks. */
  readonly networksFile: string;
  /** Of which addresses names are asked for where nothing told them. */
  readonly reverseDns: Config["reverseDns"];
}
