/** The last two minutes of an application as mirrored bars. The numbers beside it say the same in words. */

import { useEffect, useRef } from "react";
import { onPaletteChange, palette } from "../look/palette.ts";
import { useStore } from "../store/create-store.ts";
import { past, shown } from "../store/live.ts";
import { bars } from "./spark-bars.ts";

const WIDTH = 200;
const HEIGHT = 30;
const BARS = 60;
export const SPARK_MS = 120_000;

export function Spark({ appKey }: { readonly appKey: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const wasEmpty = useRef(true);
  const toMs = useStore(shown)?.atMs ?? 0;
  useEffect(() => {
    const draw = () => {
      if (canvas.current === null) return;
      const fromMs = toMs - SPARK_MS;
      const found = past.hasApplication(appKey)
        ? bars(past.application(appKey, { fromMs, toMs }), { fromMs, toMs, count: BARS })
        : undefined;
      const isEmpty = found === undefined || found.peak === 0;
      if (!(isEmpty && wasEmpty.current)) paint(canvas.current, found);
      wasEmpty.current = isEmpty;
    };
    draw();
    return onPaletteChange(() => {
      wasEmpty.current = false;
      draw();
    });
  }, [appKey, toMs]);
  return (
    <canvas
      ref={canvas}
      className="spark"
      width={WIDTH * 2}
      height={HEIGHT * 2}
      aria-hidden="true"
    />
  );
}

function paint(canvas: HTMLCanvasElement, found: ReturnType<typeof bars> | undefined): void {
  const ctx = canvas.getContext("2d");
  if (ctx === null) return;
  const { width, height } = canvas;
  ctx.clearRect(0, 0, width, height);
  if (found === undefined || found.peak === 0) return;
  const { down, up, axis } = palette();
  const slot = width / BARS;
  const bar = Math.max(2, Math.round(slot * 0.66));
  const room = height - 4;
  // One scale for both: the line lies where each direction has the room it needs.
  const middle = 2 + Math.round((room * found.rxPeak) / (found.rxPeak + found.txPeak));
  const scale = room / (found.rxPeak + found.txPeak);
  ctx.fillStyle = axis;
  ctx.fillRect(0, middle, width, 1);
  found.rx.forEach((rx, at) => {
    const tx = found.tx[at] ?? 0;
    const x = Math.round(at * slot);
    ctx.fillStyle = down;
    if (rx > 0) ctx.fillRect(x, middle, bar, -Math.max(2, rx * scale));
    ctx.fillStyle = up;
    if (tx > 0) ctx.fillRect(x, middle + 1, bar, Math.max(2, tx * scale));
  });
}
