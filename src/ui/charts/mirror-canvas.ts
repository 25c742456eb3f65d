/** The canvas of a chart: painted by a thread of its own where the browser can, else by the page's. */

import { paint } from "./mirror-paint.ts";
import type { Look, Picture } from "./mirror-picture.ts";

export interface MirrorCanvas {
  /** Fulfilled when it is painted. */
  paint(picture: Picture, look: Look): Promise<void>;
  close(): void;
}

export type ToPainter =
  | { readonly type: "open"; readonly chart: number; readonly canvas: OffscreenCanvas }
  | {
      readonly type: "paint";
      readonly chart: number;
      readonly picture: Picture;
      readonly look: Look;
    }
  | { readonly type: "close"; readonly chart: number };

/** The chart that has been painted. */
export type FromPainter = number;

export function openMirrorCanvas(host: HTMLElement): MirrorCanvas {
  let canvas = host.appendChild(document.createElement("canvas"));
  let inner = overThere(canvas);
  let last: readonly [Picture, Look] | undefined;
  const stopListening = onPainterLost(() => {
    const fresh = document.createElement("canvas");
    canvas.replaceWith(fresh);
    canvas = fresh;
    inner.close();
    inner = here(canvas);
    if (last !== undefined) inner.paint(...last).catch(() => {});
  });
  return {
    paint(...what) {
      last = what;
      return inner.paint(...what);
    },
    close() {
      stopListening();
      inner.close();
      canvas.remove();
    },
  };
}

function here(canvas: HTMLCanvasElement): MirrorCanvas {
  const ink = canvas.getContext("2d");
  return {
    async paint(picture, look) {
      if (ink !== null) paint(ink, picture, look);
    },
    close() {},
  };
}

let charts = 0;

function overThere(canvas: HTMLCanvasElement): MirrorCanvas {
  const tell = painter();
  if (tell === undefined) return here(canvas);
  charts += 1;
  const chart = charts;
  const offscreen = canvas.transferControlToOffscreen();
  tell({ type: "open", chart, canvas: offscreen }, [offscreen]);
  let next: ToPainter | undefined;
  let underWay: Promise<void> | undefined;
  const paintNext = async () => {
    while (next !== undefined) {
      const message = next;
      next = undefined;
      const answer = new Promise<void>((resolve) => painted.set(chart, resolve));
      tell(message);
      await answer;
    }
  };
  return {
    async paint(picture, look) {
      next = { type: "paint", chart, picture, look };
      // One at a time: of those that come meanwhile only the last is worth painting.
      underWay ??= paintNext().finally(() => {
        underWay = undefined;
      });
      await underWay;
    },
    close() {
      next = undefined;
      tell({ type: "close", chart });
      painted.get(chart)?.();
      painted.delete(chart);
    },
  };
}

type Tell = (message: ToPainter, moved?: Transferable[]) => void;

/** Who waits for a chart. */
const painted = new Map<number, () => void>();
let known: Tell | undefined;
let isLost =
  typeof Worker === "undefined" || !("transferControlToOffscreen" in HTMLCanvasElement.prototype);
const listeners = new Set<() => void>();

/** One for all charts. undefined: there is none here. */
function painter(): Tell | undefined {
  if (isLost) return undefined;
  if (known !== undefined) return known;
  const worker = new Worker(new URL("./mirror-worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data: chart }: MessageEvent<FromPainter>) => painted.get(chart)?.();
  // Its file did not load, as after an update of the daemon.
  worker.onerror = () => {
    isLost = true;
    worker.terminate();
    for (const listener of [...listeners]) listener();
  };
  known = (message, moved = []) => worker.postMessage(message, moved);
  return known;
}

function onPainterLost(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
