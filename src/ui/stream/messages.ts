/** What a tab and the keeper of the stream say to each other. */

import type { Scope } from "../store/scope.ts";

/** Numbers per application in a Tick, in this order: bytes of the interval, totals since the start, connections. */
export const ACTIVITY_WIDTH = 5;

/** One sample, seen through a scope. Columns, not objects: 2,000 applications cross to the tab in a millisecond. */
export interface Tick {
  readonly id: number;
  readonly atMs: number;
  /** 0: there are no rates. */
  readonly intervalMs: number;
  readonly gap: string | null;
  readonly rxBytes: number;
  readonly txBytes: number;
  /** Since the daemon started; null where the stream does not say, as for a single interface. */
  readonly rxTotalBytes: number | null;
  readonly txTotalBytes: number | null;
  readonly attributedShare: number | null;
  readonly counting: string;
  readonly interfaces: readonly { readonly name: string; readonly kind: string }[];
  /** With traffic in this scope, the busiest first. */
  readonly keys: readonly string[];
  readonly names: readonly string[];
  readonly numbers: Float64Array;
}

export type Link =
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  /** Nothing comes; `sinceMs`: when the last sample or the first attempt was. */
  | { readonly state: "lost"; readonly sinceMs: number }
  | { readonly state: "unknown-session" };

export type FromTab =
  | {
      readonly type: "hello";
      readonly token: string | undefined;
      /** The token was given just now: it is better than one that may have been forgotten. */
      readonly isFresh: boolean;
      readonly scope: Scope;
    }
  | { readonly type: "token"; readonly token: string }
  | { readonly type: "scope"; readonly scope: Scope }
  | { readonly type: "retry" }
  | { readonly type: "alive" }
  | { readonly type: "bye" };

export type ToTab =
  /** Everything remembered, oldest first: replaces what the tab had. */
  | { readonly type: "past"; readonly scope: Scope; readonly ticks: readonly Tick[] }
  | { readonly type: "tick"; readonly scope: Scope; readonly tick: Tick }
  | { readonly type: "link"; readonly link: Link }
  /** Another tab's session, for one that was opened without. */
  | { readonly type: "token"; readonly token: string };
