/** What was counted since the daemon started, across restarts of the sampling thread, and which intervals are missing. */

import type { Gap, Sample, Traffic } from "../model/sample.ts";

/** Gaps kept; the oldest go first. */
export const MAX_GAPS = 100;

export interface Totals {
  add(sample: Sample): void;
  /** The thread that made the samples has died; the next one counts from zero, and says so in its first sample. */
  interrupted(): void;
  sum(): Traffic;
  gaps(): readonly Gap[];
}

export function createTotals(): Totals {
  let earlier: Traffic = NOTHING;
  let current: Traffic = NOTHING;
  const gaps: Gap[] = [];

  function record(gap: Gap): void {
    gaps.push(gap);
    if (gaps.length > MAX_GAPS) gaps.shift();
  }

  return {
    add(sample) {
      if (sample.gap !== undefined) record(sample.gap);
      current = sample.total;
    },
    interrupted() {
      earlier = add(earlier, current);
      current = NOTHING;
    },
    sum: () => add(earlier, current),
    gaps: () => [...gaps],
  };
}

const NOTHING: Traffic = {
  rxBytes: 0,
  txBytes: 0,
  rxPackets: 0,
  txPackets: 0,
  rxPayloadBytes: 0,
  txPayloadBytes: 0,
  rxDeviceBytes: 0,
  txDeviceBytes: 0,
};

function add(a: Traffic, b: Traffic): Traffic {
  return {
    rxBytes: a.rxBytes + b.rxBytes,
    txBytes: a.txBytes + b.txBytes,
    rxPackets: a.rxPackets + b.rxPackets,
    txPackets: a.txPackets + b.txPackets,
    rxPayloadBytes: a.rxPayloadBytes + b.rxPayloadBytes,
    txPayloadBytes: a.txPayloadBytes + b.txPayloadBytes,
    rxDeviceBytes: a.rxDeviceBytes + b.rxDeviceBytes,
    txDeviceBytes: a.txDeviceBytes + b.txDeviceBytes,
  };
}
