/** A sample as readers of the live stream see it. */

import { type ActivityRow, LIVE_APPLICATIONS, type LiveSample } from "../model/live.ts";
import type { InterfaceCoverage, Sample } from "../model/sample.ts";
import type { Sums } from "./totals.ts";

export interface LiveContext {
  readonly id: number;
  /** Since the daemon started, this sample included. */
  readonly totals: Sums;
}

export function liveSample(sample: Sample, { id, totals }: LiveContext): LiveSample {
  const { atMs, intervalMs, gap, delta, loopbackDelta, health } = sample;
  return {
    id,
    atMs,
    intervalMs,
    gap: gap?.reason ?? null,
    rxBytes: delta.rxBytes,
    txBytes: delta.txBytes,
    rxLoopbackBytes: loopbackDelta.rxBytes,
    txLoopbackBytes: loopbackDelta.txBytes,
    rxTotalBytes: totals.network.rxBytes,
    txTotalBytes: totals.network.txBytes,
    rxTotalLoopbackBytes: totals.loopback.rxBytes,
    txTotalLoopbackBytes: totals.loopback.txBytes,
    interfaces: sample.interfaces,
    ...folded(sample.applications, NOBODY, LIVE_APPLICATIONS),
    attributedShare: attributedShare(sample.coverage),
    counting: `${health.source}, ${health.level}`,
  };
}

/** The same with fewer applications; what the others did is added to `others`. */
export function shortened(sample: LiveSample, limit: number): LiveSample {
  if (sample.applications.length <= limit) return sample;
  return { ...sample, ...folded(sample.applications, sample.others, limit) };
}

type Others = LiveSample["others"];

const NOBODY: Others = {
  count: 0,
  rxBytes: 0,
  txBytes: 0,
  rxLoopbackBytes: 0,
  txLoopbackBytes: 0,
};

/** The busiest come first. */
function folded(rows: readonly ActivityRow[], others: Others, limit: number) {
  const sums = { ...others };
  for (const row of rows.slice(limit)) {
    sums.count += 1;
    sums.rxBytes += row.rxBytes;
    sums.txBytes += row.txBytes;
    sums.rxLoopbackBytes += row.rxLoopbackBytes;
    sums.txLoopbackBytes += row.txLoopbackBytes;
  }
  return { applications: rows.slice(0, limit), others: sums };
}

/** Attributed to counted bytes of everything but loopback; null while nothing was counted. More than 1 is a fault that
 * must show. */
export function attributedShare(coverage: readonly InterfaceCoverage[]): number | null {
  let attributed = 0;
  let counted = 0;
  for (const one of coverage) {
    if (one.kind === "loopback") continue;
    attributed += one.rxAttributedBytes + one.txAttributedBytes;
    counted += one.rxBytes + one.txBytes - (one.remainders.limited?.rxBytes ?? 0);
  }
  return counted > 0 ? attributed / counted : null;
}
