/** The mirrored chart on a canvas: download up, upload down, one time axis. */

import uPlot from "uplot";
import { palette } from "../look/palette.ts";
import { clockText, roundRateText } from "../look/quantity.ts";
import type { Columns } from "../store/series.ts";
import type { Units } from "../store/settings.ts";
import { openLabels } from "./labels.ts";
import { chooseScale, type Scale, timeLines } from "./scale.ts";

export interface View {
  readonly columns: Columns;
  readonly fromMs: number;
  readonly toMs: number;
  readonly units: Units;
  /** Another time laid over this one, as a thin line: what it is compared with. */
  readonly other?: Columns | undefined;
}

export interface Hover {
  readonly atMs: number;
  readonly rx: number | null;
  readonly tx: number | null;
  /** From the left edge of the chart, CSS pixels. */
  readonly left: number;
}

/** The canvas while it is drawn, in device pixels. */
export interface Drawing {
  readonly ctx: CanvasRenderingContext2D;
  readonly bbox: uPlot.BBox;
  readonly view: View;
  xOf(atMs: number): number;
}

export interface MirrorPlotOptions {
  readonly onHover: (hover: Hover | undefined) => void;
  /** Words under the time axis; where not given, those of the last minutes. */
  readonly drawTimes?: (drawing: Drawing) => void;
  /** What lies behind the lines. */
  readonly drawBehind?: (drawing: Drawing) => void;
}

export interface MirrorPlot {
  draw(view: View): void;
  resize(width: number, height: number): void;
  close(): void;
}

/** Room under the plot for the times, CSS pixels. */
const TIMES_HEIGHT = 24;

export function openMirrorPlot(
  host: HTMLElement,
  { onHover, drawTimes = drawMinutes, drawBehind }: MirrorPlotOptions,
): MirrorPlot {
  const colours = palette();
  const labels = openLabels(colours);
  let view: View | undefined;
  let scale: Scale = chooseScale({ rx: 0, tx: 0, unit: 1, wasSplit: false });
  const plot = new uPlot(
    {
      width: Math.max(host.clientWidth, 100),
      height: Math.max(host.clientHeight, 100),
      padding: [10, 0, TIMES_HEIGHT, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { size: 7 },
      },
      scales: {
        x: { time: true, range: () => [(view?.fromMs ?? 0) / 1000, (view?.toMs ?? 1) / 1000] },
        y: { range: () => [scale.bottom, scale.top] },
      },
      axes: [{ show: false }, { show: false }],
      series: [
        {},
        { ...LINE, stroke: colours.down, fill: colours.downArea },
        { ...LINE, stroke: colours.up, fill: colours.upArea },
      ],
      hooks: {
        drawClear: [drawGrid],
        draw: [drawLabels],
        setCursor: [tellHover],
      },
    },
    [[], [], []],
    host,
  );

  function drawingOf({ ctx, bbox, valToPos }: uPlot, view: View): Drawing {
    return { ctx, bbox, view, xOf: (atMs) => valToPos(atMs / 1000, "x", true) };
  }

  function drawGrid(chart: uPlot): void {
    const { ctx, bbox, valToPos } = chart;
    if (view !== undefined) drawBehind?.(drawingOf(chart, view));
    ctx.save();
    ctx.lineWidth = devicePixelRatio;
    ctx.strokeStyle = colours.axis;
    ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
    const crisp = (at: number) => Math.round(at) + 0.5;
    const horizontal = (at: number) => {
      const y = crisp(valToPos(at, "y", true));
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    };
    for (const { at } of scale.lines) horizontal(at);
    ctx.setLineDash([]);
    horizontal(0);
    ctx.restore();
  }

  function drawOther({ ctx, valToPos }: uPlot, { atMs, rx, tx }: Columns): void {
    ctx.save();
    ctx.strokeStyle = colours.faint;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    for (const [values, factor] of [[rx, 1] as const, [tx, -scale.factor] as const]) {
      let isOpen = false;
      values.forEach((value, at) => {
        if (value !== null) {
          const x = valToPos((atMs[at] ?? 0) / 1000, "x", true);
          const y = valToPos(value * factor, "y", true);
          if (isOpen) ctx.lineTo(x, y);
          else ctx.moveTo(x, y);
        }
        isOpen = value !== null;
      });
    }
    ctx.stroke();
    ctx.restore();
  }

  function drawLabels(chart: uPlot): void {
    const { ctx, bbox, valToPos } = chart;
    if (view === undefined) return;
    if (view.other !== undefined) drawOther(chart, view.other);
    const ratio = devicePixelRatio;
    ctx.save();
    for (const { at, bytesPerSecond } of scale.lines) {
      const y = valToPos(at, "y", true);
      const label = labels.of(roundRateText(bytesPerSecond, view.units));
      ctx.drawImage(label, bbox.left, Math.round(y - (at > 0 ? label.height : 0)));
    }
    if (scale.factor !== 1) {
      const label = labels.of(splitText(scale.factor));
      const [right, bottom] = [bbox.left + bbox.width, bbox.top + bbox.height];
      ctx.drawImage(label, right - label.width, bottom - label.height);
    }
    ctx.font = colours.font.replace(/^\d+/, String(11 * ratio));
    ctx.fillStyle = colours.faint;
    drawTimes(drawingOf(chart, view));
    ctx.restore();
  }

  function tellHover({ cursor }: uPlot): void {
    const { idx, left } = cursor;
    if (view === undefined || typeof idx !== "number" || left === undefined || left < 0) {
      return onHover(undefined);
    }
    const { atMs, rx, tx } = view.columns;
    const at = atMs[idx];
    if (at === undefined) return onHover(undefined);
    const x = plot.valToPos(at / 1000, "x");
    onHover({ atMs: at, rx: rx[idx] ?? null, tx: tx[idx] ?? null, left: x });
  }

  return {
    draw(next) {
      view = next;
      const { atMs, rx, tx } = next.columns;
      scale = chooseScale({
        rx: Math.max(peakOf(rx), peakOf(next.other?.rx ?? [])),
        tx: Math.max(peakOf(tx), peakOf(next.other?.tx ?? [])),
        unit: next.units === "bits" ? 1 / 8 : 1,
        wasSplit: scale.factor !== 1,
      });
      const { factor } = scale;
      plot.setData([
        atMs.map((at) => at / 1000),
        rx,
        tx.map((value) => (value === null ? null : -value * factor)),
      ]);
    },
    resize(width, height) {
      plot.setSize({ width, height });
    },
    close() {
      plot.destroy();
    },
  };
}

const LINE = { width: 1.5, points: { show: false }, fillTo: 0 } as const;

export function peakOf(values: readonly (number | null)[]): number {
  let peak = 0;
  for (const value of values) if (value !== null && value > peak) peak = value;
  return peak;
}

function splitText(factor: number): string {
  const times = factor > 1 ? factor : 1 / factor;
  const text = times >= 10 ? times.toFixed(0) : times.toFixed(1).replace(/\.0$/, "");
  return factor > 1
    ? `two scales: upload drawn ${text} times larger`
    : `two scales: download drawn ${text} times larger`;
}

/** Both ends say what they are; clock times that would touch them stay away. */
function drawMinutes({ ctx, bbox, view, xOf }: Drawing): void {
  const ratio = devicePixelRatio;
  const y = bbox.top + bbox.height + 17 * ratio;
  const minutes = Math.round((view.toMs - view.fromMs) / 60_000);
  ctx.textAlign = "left";
  ctx.fillText(`−${minutes} min`, bbox.left + 2 * ratio, y);
  ctx.textAlign = "right";
  ctx.fillText(clockText(view.toMs, true), bbox.left + bbox.width - ratio, y);
  ctx.textAlign = "center";
  const keep = 62 * ratio;
  for (const atMs of timeLines(view.fromMs, view.toMs)) {
    const x = xOf(atMs);
    if (x < bbox.left + keep || x > bbox.left + bbox.width - keep - 22 * ratio) continue;
    ctx.fillText(clockText(atMs, minutes <= 1), x, y);
  }
}
