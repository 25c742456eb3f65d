/** Paints a mirrored chart: download up, upload down, one time axis. Needs nothing of a document. */

import { labelOf } from "./labels.ts";
import { ABOVE, BELOW, fontOf, type Look, type Picture, type Rates } from "./mirror-picture.ts";

export type Ink = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export function paint(ctx: Ink, picture: Picture, look: Look): void {
  const canvas = fitted(ctx, look);
  const place = placeOf(picture, look);
  const pen: Pen = { ctx, picture, look, place };
  ctx.clearRect(0, 0, canvas.width, canvas.height);
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, place.top, canvas.width, place.height);
  ctx.clip();
  paintHoles(pen);
  paintMarks(pen);
  paintGrid(pen);
  const { rx, tx } = picture.rates;
  const { down, downArea, up, upArea } = look.colours;
  paintLine(pen, rx, { factor: 1, stroke: down, fill: downArea });
  paintLine(pen, tx, { factor: -picture.scale.factor, stroke: up, fill: upArea });
  if (picture.other !== undefined) paintOther(pen, picture.other);
  paintPointed(pen);
  ctx.restore();
  paintLabels(pen);
  paintTimes(pen);
}

interface Place {
  readonly top: number;
  readonly width: number;
  readonly height: number;
  x(atMs: number): number;
  /** Of bytes per second: of download above the axis, minus scaled upload below. */
  y(value: number): number;
}

interface Pen {
  readonly ctx: Ink;
  readonly picture: Picture;
  readonly look: Look;
  readonly place: Place;
}

/** Device pixels. */
function placeOf({ fromMs, toMs, scale }: Picture, { width, height, ratio }: Look): Place {
  const [top, across] = [ABOVE * ratio, width * ratio];
  const tall = Math.max(1, height * ratio - top - BELOW * ratio);
  const perMs = across / Math.max(1, toMs - fromMs);
  const perByte = tall / (scale.top - scale.bottom);
  return {
    top,
    width: across,
    height: tall,
    x: (atMs) => (atMs - fromMs) * perMs,
    y: (value) => top + (scale.top - value) * perByte,
  };
}

/** Setting a size, even the same, forgets everything. */
function fitted(
  { canvas }: Ink,
  { width, height, ratio }: Look,
): { width: number; height: number } {
  const [wide, tall] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== tall) canvas.height = tall;
  return canvas;
}

function paintGrid({ ctx, picture: { scale }, look: { colours, ratio }, place }: Pen): void {
  ctx.lineWidth = ratio;
  ctx.strokeStyle = colours.axis;
  const horizontal = (at: number) => {
    const y = Math.round(place.y(at)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(0, y);
    ctx.lineTo(place.width, y);
    ctx.stroke();
  };
  ctx.setLineDash([2 * ratio, 4 * ratio]);
  for (const { at } of scale.lines) horizontal(at);
  ctx.setLineDash([]);
  horizontal(0);
}

interface Line {
  readonly factor: number;
  readonly stroke: string;
  readonly fill: string;
}

function paintLine(
  { ctx, picture, look, place }: Pen,
  values: Float64Array,
  { factor, stroke, fill }: Line,
): void {
  const { atMs } = picture.rates;
  const zero = place.y(0);
  const line = new Path2D();
  const area = new Path2D();
  let last: number | undefined;
  const close = () => {
    if (last !== undefined) area.lineTo(last, zero);
    last = undefined;
  };
  values.forEach((value, index) => {
    if (Number.isNaN(value)) return close();
    const [x, y] = [place.x(atMs[index] ?? 0), place.y(value * factor)];
    if (last === undefined) {
      line.moveTo(x, y);
      area.moveTo(x, zero);
    } else line.lineTo(x, y);
    area.lineTo(x, y);
    last = x;
  });
  close();
  ctx.fillStyle = fill;
  ctx.fill(area);
  ctx.lineWidth = LINE_WIDTH * look.ratio;
  ctx.lineJoin = "round";
  ctx.strokeStyle = stroke;
  ctx.stroke(line);
}

/** CSS pixels. */
const LINE_WIDTH = 1.5;

function paintOther({ ctx, picture, look, place }: Pen, { atMs, rx, tx }: Rates): void {
  ctx.strokeStyle = look.colours.faint;
  ctx.lineWidth = look.ratio;
  ctx.setLineDash([3 * look.ratio, 3 * look.ratio]);
  ctx.beginPath();
  for (const [values, factor] of [[rx, 1] as const, [tx, -picture.scale.factor] as const]) {
    let isOpen = false;
    values.forEach((value, at) => {
      if (!Number.isNaN(value)) {
        const [x, y] = [place.x(atMs[at] ?? 0), place.y(value * factor)];
        if (isOpen) ctx.lineTo(x, y);
        else ctx.moveTo(x, y);
      }
      isOpen = !Number.isNaN(value);
    });
  }
  ctx.stroke();
  ctx.setLineDash([]);
}

/** A line through the moment, and a dot on each direction. */
function paintPointed({ ctx, picture, look: { colours, ratio }, place }: Pen): void {
  const { pointed, rates, scale } = picture;
  if (pointed === undefined) return;
  const x = Math.round(place.x(rates.atMs[pointed] ?? 0)) + 0.5;
  ctx.strokeStyle = colours.faint;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  ctx.moveTo(x, place.top);
  ctx.lineTo(x, place.top + place.height);
  ctx.stroke();
  for (const [value, factor, colour] of [
    [rates.rx[pointed], 1, colours.down],
    [rates.tx[pointed], -scale.factor, colours.up],
  ] as const) {
    if (value === undefined || Number.isNaN(value)) continue;
    ctx.beginPath();
    ctx.arc(x, place.y(value * factor), DOT * ratio, 0, 2 * Math.PI);
    ctx.fillStyle = colour;
    ctx.fill();
  }
}

/** Radius, CSS pixels. */
const DOT = 3.5;

function paintHoles({ ctx, picture: { holes }, look: { colours, ratio }, place }: Pen): void {
  const bands = holes
    .map(({ fromMs, toMs }) => [place.x(fromMs), place.x(toMs)] as const)
    .filter(([from, to]) => to - from >= 1);
  if (bands.length === 0) return;
  const bottom = place.top + place.height;
  ctx.save();
  ctx.beginPath();
  for (const [from, to] of bands) ctx.rect(from, place.top, to - from, place.height);
  ctx.clip();
  ctx.beginPath();
  for (let x = -place.height; x < place.width; x += HATCH * ratio) {
    ctx.moveTo(x, bottom);
    ctx.lineTo(x + place.height, place.top);
  }
  ctx.strokeStyle = colours.line;
  ctx.lineWidth = 1.5 * ratio;
  ctx.stroke();
  ctx.restore();
}

/** From one stroke to the next, CSS pixels. */
const HATCH = 7;

function paintMarks({ ctx, picture: { marks }, look: { colours, ratio }, place }: Pen): void {
  if (marks.length * MARK_ROOM * ratio > place.width) return;
  const size = MARK * ratio;
  const bottom = place.top + place.height;
  ctx.fillStyle = colours.faint;
  for (const atMs of marks) {
    const x = place.x(atMs);
    ctx.beginPath();
    ctx.moveTo(x - size, bottom);
    ctx.lineTo(x, bottom - 1.6 * size);
    ctx.lineTo(x + size, bottom);
    ctx.closePath();
    ctx.fill();
  }
}

const MARK = 5;
/** Where they would stand closer they say nothing; a list below the chart has them. CSS pixels. */
const MARK_ROOM = 20;

function paintLabels({ ctx, picture, look, place }: Pen): void {
  const { scale, lineTexts, splitText } = picture;
  scale.lines.forEach(({ at }, index) => {
    const label = labelOf(lineTexts[index] ?? "", look);
    ctx.drawImage(label, 0, Math.round(place.y(at) - (at > 0 ? label.height : 0)));
  });
  if (splitText === undefined) return;
  const label = labelOf(splitText, look);
  ctx.drawImage(label, place.width - label.width, place.top + place.height - label.height);
}

function paintTimes({ ctx, picture: { times }, look, place }: Pen): void {
  ctx.font = fontOf(look);
  ctx.fillStyle = look.colours.faint;
  const y = place.top + place.height + 17 * look.ratio;
  for (const { atMs, text, align } of times) {
    const x = place.x(atMs);
    ctx.textAlign = align;
    if (align === "center") {
      const half = ctx.measureText(text).width / 2;
      if (x - half < 0 || x + half > place.width) continue;
    }
    ctx.fillText(text, x, y);
  }
}
