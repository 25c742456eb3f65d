/** The thread that paints charts: of a tick's work the largest part, and the page's own thread has none of it. */

import type { FromPainter, ToPainter } from "./mirror-canvas.ts";
import { type Ink, paint } from "./mirror-paint.ts";

const inks = new Map<number, Ink>();

// The DOM's types describe windows, not workers.
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToPainter>) => void;
  postMessage(message: FromPainter): void;
};

scope.onmessage = ({ data }) => {
  if (data.type === "close") inks.delete(data.chart);
  if (data.type === "open") {
    const ink = data.canvas.getContext("2d");
    // Then the page paints by itself.
    if (ink === null) throw new Error("This thread has nothing to paint with");
    inks.set(data.chart, ink);
  }
  if (data.type === "paint") {
    const ink = inks.get(data.chart);
    if (ink !== undefined) paint(ink, data.picture, data.look);
    scope.postMessage(data.chart);
  }
};
