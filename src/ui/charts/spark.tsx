/** The last two minutes of an application as mirrored bars. The numbers beside it say the same in words.
 *
 * Paths of an SVG, not a canvas: a page full of canvases is a page full of layers, and each costs the main thread a
 * handover per tick. */

import { memo, useLayoutEffect, useRef } from "react";
import { past } from "../store/live.ts";
import { bars, type SparkPaths, sparkPaths } from "./spark-bars.ts";

/** Units of the drawing; the style sheet says how large it is. */
const SIZE = { width: 200, height: 30 } as const;
const BARS = 60;
export const SPARK_MS = 120_000;

const BAR_MS = SPARK_MS / BARS;

const EMPTY: SparkPaths = { down: "", up: "", axis: "" };

/** Where the last full bar of a row ends: a bar is two seconds, half of the rows get theirs at each tick. */
export function sparkEnd(nowMs: number, index: number): number {
  const shiftMs = index % 2 === 0 ? 0 : BAR_MS / 2;
  return Math.floor((nowMs + shiftMs) / BAR_MS) * BAR_MS - shiftMs;
}

export interface SparkProps {
  readonly appKey: string;
  readonly toMs: number;
}

export const Spark = memo(function Spark({ appKey, toMs }: SparkProps) {
  const svg = useRef<SVGSVGElement>(null);
  const drawn = useRef(EMPTY);
  useLayoutEffect(() => {
    const fromMs = toMs - SPARK_MS;
    const found = past.hasApplication(appKey)
      ? bars(past.application(appKey, { fromMs, toMs }), { fromMs, toMs, count: BARS })
      : undefined;
    const next = found === undefined || found.peak === 0 ? EMPTY : sparkPaths(found, SIZE);
    const [axis, down, up] = svg.current?.children ?? [];
    if (next.axis !== drawn.current.axis) axis?.setAttribute("d", next.axis);
    if (next.down !== drawn.current.down) down?.setAttribute("d", next.down);
    if (next.up !== drawn.current.up) up?.setAttribute("d", next.up);
    drawn.current = next;
  }, [appKey, toMs]);
  return (
    <svg
      ref={svg}
      className="spark"
      viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path className="axis" />
      <path className="down" />
      <path className="up" />
    </svg>
  );
});
