/** A mirrored chart in the page: takes what is to be seen, and keeps it painted in the room and the colours that there are. */

import { onPaletteChange, palette } from "../look/palette.ts";
import { roundRateText } from "../look/quantity.ts";
import type { Columns } from "../store/series.ts";
import type { Units } from "../store/settings.ts";
import { nearest, peakOf, ratesOf } from "./columns.ts";
import { openMirrorCanvas } from "./mirror-canvas.ts";
import type { Span, TimeWord } from "./mirror-picture.ts";
import { chooseScale } from "./scale.ts";

export interface View extends Span {
  readonly columns: Columns;
  readonly units: Units;
  /** Words under a time axis of so many CSS pixels. */
  times(width: number): TimeWord[];
  readonly other?: Columns | undefined;
  readonly holes?: readonly Span[];
  readonly marks?: readonly number[];
  /** Where the pointer is, CSS pixels from the left edge. */
  readonly pointer?: number | undefined;
}

export interface MirrorPlot {
  /** Fulfilled when it is painted. */
  draw(view: View): Promise<void>;
  close(): void;
}

export function openMirrorPlot(host: HTMLElement): MirrorPlot {
  const canvas = openMirrorCanvas(host);
  let size = { width: host.clientWidth, height: host.clientHeight };
  let view: View | undefined;
  let wasSplit = false;
  const watch = new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = host;
    if (width === size.width && height === size.height) return;
    size = { width, height };
    void repaint();
  });
  watch.observe(host);
  const forget = onPaletteChange(() => void repaint());
  const settle = onRatioChange(() => void repaint());

  async function repaint(): Promise<void> {
    if (view === undefined || size.width === 0) return;
    const { columns, units, fromMs, toMs, other, holes = [], marks = [], pointer } = view;
    const scale = chooseScale({
      rx: Math.max(peakOf(columns.rx), peakOf(other?.rx ?? [])),
      tx: Math.max(peakOf(columns.tx), peakOf(other?.tx ?? [])),
      unit: units === "bits" ? 1 / 8 : 1,
      wasSplit,
    });
    wasSplit = scale.factor !== 1;
    const picture = {
      ...{ fromMs, toMs, scale, holes, marks },
      rates: ratesOf(columns),
      other: other === undefined ? undefined : ratesOf(other),
      lineTexts: scale.lines.map(({ bytesPerSecond }) => roundRateText(bytesPerSecond, units)),
      splitText: wasSplit ? splitText(scale.factor) : undefined,
      times: view.times(size.width),
      pointed: pointer === undefined ? undefined : nearest(view, pointer / size.width),
    };
    await canvas.paint(picture, { colours: palette(), ratio: devicePixelRatio, ...size });
  }

  return {
    draw(next) {
      view = next;
      return repaint();
    },
    close() {
      watch.disconnect();
      forget();
      settle();
      canvas.close();
    },
  };
}

/** A window that is moved to another screen, or zoomed. */
function onRatioChange(listener: () => void): () => void {
  let query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
  const change = () => {
    query.removeEventListener("change", change);
    query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    query.addEventListener("change", change);
    listener();
  };
  query.addEventListener("change", change);
  return () => query.removeEventListener("change", change);
}

function splitText(factor: number): string {
  const times = factor > 1 ? factor : 1 / factor;
  const text = times >= 10 ? times.toFixed(0) : times.toFixed(1).replace(/\.0$/, "");
  return factor > 1
    ? `two scales: upload drawn ${text} times larger`
    : `two scales: download drawn ${text} times larger`;
}
