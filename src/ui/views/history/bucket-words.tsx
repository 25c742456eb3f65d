/** What a step of the chart says: its time, its bytes, and why nothing is known of it. */

import { formatBytes } from "../../../model/format.ts";
import type { HistoryAnswer, Period } from "../../../model/history.ts";
import { rateText } from "../../look/quantity.ts";
import type { Units } from "../../store/settings.ts";
import type { Bucket } from "./buckets.ts";
import { gapText } from "./gap-words.ts";
import { periodText } from "./periods.ts";
import type { Zone } from "./zone.ts";

export interface Told {
  readonly bucket: Bucket;
  readonly answer: HistoryAnswer;
  readonly zone: Zone;
  readonly units: Units;
}

export function HoverCard({ left, width, ...told }: Told & { left: number; width: number }) {
  const { bucket, answer, zone, units } = told;
  const { rx, tx, rxBytes, txBytes } = bucket;
  const starts = answer.sessions.filter(({ fromMs }) => isIn(fromMs, bucket));
  return (
    <div
      className={left > width / 2 ? "hover before" : "hover"}
      style={{ left: `${left}px` }}
      aria-hidden="true"
    >
      <b>{whenText(told)}</b>
      {rx === null || tx === null ? (
        <span>{holeText(told)}</span>
      ) : (
        <>
          <span>
            <i className="dot d" />
            Download<em>{formatBytes(rxBytes)}</em>
            <small>{rateText(rx, units)}</small>
          </span>
          <span>
            <i className="dot u" />
            Upload<em>{formatBytes(txBytes)}</em>
            <small>{rateText(tx, units)}</small>
          </span>
        </>
      )}
      {starts[0] === undefined ? null : (
        <span>
          {starts.length === 1
            ? `Monitauri started at ${zone.format(starts[0].fromMs, "clock")}`
            : `Monitauri started ${starts.length} times`}
        </span>
      )}
    </div>
  );
}

/** The same as a sentence. */
export function bucketText(told: Told): string {
  const { rx, tx, rxBytes, txBytes } = told.bucket;
  if (rx === null || tx === null) return `${whenText(told)}: ${holeText(told)}`;
  const rates = [rx, tx].map((rate) => rateText(rate, told.units));
  return `${whenText(told)}: download ${formatBytes(rxBytes)}, ${rates[0]}; upload ${formatBytes(txBytes)}, ${rates[1]}`;
}

function holeText({ bucket, answer }: Told): string {
  const gap = answer.gaps.find(
    ({ fromMs, toMs, reason }) => reason !== "late" && fromMs < bucket.toMs && toMs > bucket.fromMs,
  );
  return gap === undefined ? "nothing is known of this time" : gapText(gap);
}

function whenText({ bucket, answer, zone }: Told): string {
  return periodText(bucket, { zone, nowMs: answer.toMs });
}

function isIn(atMs: number, { fromMs, toMs }: Period): boolean {
  return atMs >= fromMs && atMs < toMs;
}
