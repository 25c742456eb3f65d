/** What was counted since the daemon started, across restarts of the sampling thread, and which intervals are missing. */

import type { Gap, Sample, Traffic } from "../model/sample.ts";
import { addTraffic, NO_TRAFFIC } from "../model/traffic.ts";

/** Gaps kept; the oldest go first. */
export const MAX_GAPS = 100;

export interface Totals {
  add(sample: Sample): void;
  /** The thread that made the samples has died; the next one counts from zero, and says so in its first sample. */
  interrupted(): void;
  /** The machine's. */
  sum(): Traffic;
  /** The machine's and, apart from it, loopback. */
  sums(): Sums;
  gaps(): readonly Gap[];
}

export interface Sums {
  readonly network: Traffic;
  readonly loopback: Traffic;
}

export function createTotals(): Totals {
  let earlier: Sums = NONE;
  let current: Sums = NONE;
  const gaps: Gap[] = [];

  function record(gap: Gap): void {
    gaps.push(gap);
    if (gaps.length > MAX_GAPS) gaps.shift();
  }

  return {
    add(sample) {
      if (sample.gap !== undefined) record(sample.gap);
      current = { network: sample.total, loopback: sample.loopbackTotal };
    },
    interrupted() {
      earlier = addSums(earlier, current);
      current = NONE;
    },
    sum: () => addTraffic(earlier.network, current.network),
    sums: () => addSums(earlier, current),
    gaps: () => [...gaps],
  };
}

const NONE: Sums = { network: NO_TRAFFIC, loopback: NO_TRAFFIC };

function addSums(a: Sums, b: Sums): Sums {
  return {
    network: addTraffic(a.network, b.network),
    loopback: addTraffic(a.loopback, b.loopback),
  };
}
