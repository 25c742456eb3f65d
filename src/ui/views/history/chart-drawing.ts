/** What the chart of a period has besides its lines: times, hatched gaps, and where the daemon started. */

import type { HistoryAnswer } from "../../../model/history.ts";
import type { Drawing } from "../../charts/mirror-plot.ts";
import { palette } from "../../look/palette.ts";
import { bucketsOf, unwatched } from "./buckets.ts";
import { timeTicks } from "./ticks.ts";
import type { Zone } from "./zone.ts";

/** Room that a time needs, CSS pixels. */
const TICK_WIDTH = 84;
const HATCH = 7;
const MARK = 5;
/** Where they would stand closer they say nothing; the list below the chart has them. CSS pixels. */
const MARK_ROOM = 20;

export function drawTimes({ ctx, bbox, view, xOf }: Drawing, zone: Zone): void {
  const ratio = devicePixelRatio;
  const y = bbox.top + bbox.height + 17 * ratio;
  const most = Math.max(1, Math.floor(bbox.width / (TICK_WIDTH * ratio)));
  ctx.textAlign = "center";
  for (const { atMs, text } of timeTicks(view, { zone, most })) {
    const half = ctx.measureText(text).width / 2;
    const x = xOf(atMs);
    if (x - half < bbox.left || x + half > bbox.left + bbox.width) continue;
    ctx.fillText(text, x, y);
  }
}

export function drawMarks(drawing: Drawing, { series, gaps, sessions, ...period }: HistoryAnswer) {
  const { ctx, bbox, xOf } = drawing;
  if (series === null) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const holes = unwatched(bucketsOf(series, period), gaps);
  hatch(
    drawing,
    holes.map(({ fromMs, toMs }) => [xOf(fromMs), xOf(toMs)]),
  );
  const starts = sessions.filter(({ fromMs }) => fromMs >= period.fromMs && fromMs < period.toMs);
  if (starts.length * MARK_ROOM * devicePixelRatio <= bbox.width)
    for (const { fromMs } of starts) drawStart(drawing, xOf(fromMs));
  ctx.restore();
}

function hatch({ ctx, bbox }: Drawing, bands: readonly (readonly [number, number])[]): void {
  const seen = bands.filter(([from, to]) => to - from >= 1);
  if (seen.length === 0) return;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  for (const [from, to] of seen) ctx.rect(from, bbox.top, to - from, bbox.height);
  ctx.clip();
  ctx.beginPath();
  for (let x = bbox.left - bbox.height; x < bbox.left + bbox.width; x += HATCH * ratio) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.strokeStyle = palette().line;
  ctx.lineWidth = 1.5 * ratio;
  ctx.stroke();
  ctx.restore();
}

/** A small triangle on the lower edge. */
function drawStart({ ctx, bbox }: Drawing, x: number): void {
  const size = MARK * devicePixelRatio;
  const bottom = bbox.top + bbox.height;
  ctx.beginPath();
  ctx.moveTo(x - size, bottom);
  ctx.lineTo(x, bottom - 1.6 * size);
  ctx.lineTo(x + size, bottom);
  ctx.closePath();
  ctx.fillStyle = palette().faint;
  ctx.fill();
}
