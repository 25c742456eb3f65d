/** The 95th percentile of the rate, as providers bill it: of averages over five minutes, the rest thrown away. */

import type { Percentile, Period } from "../model/history.ts";
import type { Marks } from "./marks.ts";
import type { Reading } from "./query.ts";
import { totalSeries } from "./series.ts";
import { chooseStep } from "./steps.ts";

const FIVE_MINUTES_MS = 300_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A sample that was watched for less says little. */
const LEAST_WATCHED = 0.5;

/** null where nothing was watched. Of days that have no minutes any more, of longer averages. */
export function percentileOf(reading: Reading, period: Period, marks: Marks): Percentile | null {
  const isLong = period.toMs - period.fromMs >= DAY_MS;
  const wantedMs = isLong ? FIVE_MINUTES_MS : MINUTE_MS;
  const step = chooseStep(wantedMs, period, reading);
  const { startsMs, observedMs, rxBytes, txBytes } = totalSeries(reading, { period, step, marks });
  const watched = startsMs.flatMap((_, n) => {
    const ms = observedMs[n] ?? 0;
    return ms < step.stepMs * LEAST_WATCHED ? [] : [{ n, seconds: ms / 1000 }];
  });
  if (watched.length === 0) return null;
  const rank = (bytes: readonly number[]) => {
    const rates = Float64Array.from(watched, ({ n, seconds }) => (bytes[n] ?? 0) / seconds).sort();
    return rates[Math.ceil(rates.length * 0.95) - 1] ?? 0;
  };
  return {
    rxBytesPerSecond: rank(rxBytes),
    txBytesPerSecond: rank(txBytes),
    sampleMs: step.stepMs,
    samples: watched.length,
  };
}
