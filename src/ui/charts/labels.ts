/** Words on a chart with a rim of the ground's colour, which keeps them legible where a line crosses them. Each is drawn
 * once: outlines of letters cost more at each tick than the chart itself. */

import { fontOf, type Look } from "./mirror-picture.ts";

/** In device pixels, the text in the middle. */
export function labelOf(text: string, look: Look): Label {
  const { ratio, colours } = look;
  const key = [ratio, colours.font, colours.faint, colours.card, text].join("\n");
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MAX_LABELS) known.clear();
  const drawn = draw(text, look);
  known.set(key, drawn);
  return drawn;
}

type Label = ImageBitmap | HTMLCanvasElement;

const known = new Map<string, Label>();
/** A scale has a handful; of more, all are drawn anew. */
const MAX_LABELS = 40;
/** Around the text, CSS pixels. */
const RIM = 2;
const HEIGHT = 16;

// Bitmaps, not canvases: of a canvas the browser makes a copy each time that it is drawn.
function draw(text: string, look: Look): Label {
  const { ratio, colours } = look;
  const style = fontOf(look);
  const canvas = isOffscreenKnown
    ? new OffscreenCanvas(1, HEIGHT * ratio)
    : document.createElement("canvas");
  canvas.height = HEIGHT * ratio;
  const ctx = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  ctx.font = style;
  canvas.width = Math.ceil(ctx.measureText(text).width + 2 * RIM * ratio);
  // A new size forgets it.
  ctx.font = style;
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  ctx.lineWidth = 3 * ratio;
  ctx.strokeStyle = colours.card;
  ctx.fillStyle = colours.faint;
  ctx.strokeText(text, RIM * ratio, canvas.height / 2);
  ctx.fillText(text, RIM * ratio, canvas.height / 2);
  return "transferToImageBitmap" in canvas ? canvas.transferToImageBitmap() : canvas;
}

/** Where it is not, the page paints by itself and has a document. */
const isOffscreenKnown = typeof OffscreenCanvas !== "undefined";
