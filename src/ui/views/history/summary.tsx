/** The large numbers of a period. */

import { formatBytes, formatDuration } from "../../../model/format.ts";
import type { HistoryAnswer, HistoryBytes } from "../../../model/history.ts";
import { peakOf } from "../../charts/columns.ts";
import { exactBytesText, rateText } from "../../look/quantity.ts";
import { BigRate, BigVolume } from "../../parts/figures.tsx";
import type { Units } from "../../store/settings.ts";
import { bucketsOf, stepText } from "./buckets.ts";
import { changeText } from "./change.ts";
import type { ChosenPeriod } from "./periods.ts";

export interface SummaryProps {
  readonly answer: HistoryAnswer;
  readonly period: ChosenPeriod;
  readonly units: Units;
}

const DAY_MS = 86_400_000;

export function Summary({ answer, period, units }: SummaryProps) {
  const { total, observedMs, percentile95 } = answer;
  const buckets = answer.series === null ? [] : bucketsOf(answer.series, answer);
  const watchedMs = observedMs === 0 ? answer.toMs - answer.fromMs : observedMs;
  const words = (bytes: number, rates: readonly (number | null)[]) => (
    <p title={`Mean of the time that was watched: ${rateText((bytes / watchedMs) * 1000, units)}`}>
      peak {rateText(peakOf(rates), units)}
      <span className="mean"> · mean {rateText((bytes / watchedMs) * 1000, units)}</span>
    </p>
  );
  return (
    <section className="nums" aria-label="In this period">
      <div>
        <h2>
          <i className="dot d" aria-hidden="true" />
          Download
          <Change now={total.rxBytes} before={answer.before?.total.rxBytes} />
        </h2>
        <BigVolume bytes={total.rxBytes} />
        {words(
          total.rxBytes,
          buckets.map(({ rx }) => rx),
        )}
      </div>
      <div>
        <h2>
          <i className="dot u" aria-hidden="true" />
          Upload
          <Change now={total.txBytes} before={answer.before?.total.txBytes} />
        </h2>
        <BigVolume bytes={total.txBytes} />
        {words(
          total.txBytes,
          buckets.map(({ tx }) => tx),
        )}
      </div>
      <div>
        <h2>
          Both
          <Change now={both(total)} before={answer.before && both(answer.before.total)} />
        </h2>
        <BigVolume bytes={both(total)} />
        <p>{besideText(answer, period)}</p>
      </div>
      <div>
        <h2>95th percentile</h2>
        {percentile95 === null ? (
          <strong>
            <span className="digits quiet">–</span>
          </strong>
        ) : (
          <BigRate bytesPerSecond={percentile95.rxBytesPerSecond} units={units} />
        )}
        <p title="As some contracts count: the fastest 5 % of these averages are left out">
          {percentile95 === null
            ? "nothing was watched"
            : `up ${rateText(percentile95.txBytesPerSecond, units)} · by ${stepText(percentile95.sampleMs)}`}
        </p>
      </div>
    </section>
  );
}

function Change({
  now,
  before,
}: {
  readonly now: number;
  readonly before: number | null | undefined;
}) {
  if (before === null || before === undefined) return null;
  return <small title={`Before: ${exactBytesText(before)}`}>{changeText(now, before)}</small>;
}

function besideText(
  { total, before, fromMs, toMs, observedMs }: HistoryAnswer,
  period: ChosenPeriod,
) {
  if (before !== null) {
    const known = before.observedMs > 0 || both(before.total) > 0;
    return known
      ? `${formatBytes(both(before.total))} ${period.beforeText}`
      : `nothing is known of ${period.beforeText}`;
  }
  const days = (toMs - fromMs) / DAY_MS;
  if (days >= 2)
    return `${formatBytes((both(total) / Math.max(observedMs, 1)) * DAY_MS)} in 24 h on average`;
  return observedMs === 0 ? "not watched" : `in ${formatDuration(observedMs)} of watching`;
}

function both({ rxBytes, txBytes }: HistoryBytes): number {
  return rxBytes + txBytes;
}
