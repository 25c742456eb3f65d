/** The mirrored chart with what it says on hover, and in words for those who cannot see it. */

import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { onPaletteChange } from "../look/palette.ts";
import { clockText, exactRateText, rateText } from "../look/quantity.ts";
import { useStore } from "../store/create-store.ts";
import { shown } from "../store/live.ts";
import type { Columns } from "../store/series.ts";
import { span, type Units, units } from "../store/settings.ts";
import { type Hover, type MirrorPlot, openMirrorPlot, peakOf } from "./mirror-plot.ts";

export interface MirrorChartProps {
  /** What it shows, for its text alternative: "All networks". */
  readonly subject: string;
  /** Must be the same function as long as it reads the same. */
  readonly read: (fromMs: number, toMs: number) => Columns;
}

export function MirrorChart({ subject, read }: MirrorChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<MirrorPlot>(undefined);
  const [hover, setHover] = useState<Hover>();
  const [look, renew] = useState(0);
  const tick = useStore(shown);
  const minutes = useStore(span);
  const unit = useStore(units);
  const toMs = tick?.atMs ?? 0;
  const fromMs = toMs - minutes * 60_000;
  // One more on the left, so that the line begins at the edge.
  const columns = read(fromMs - 2 * (tick?.intervalMs ?? 0), toMs);

  useEffect(() => onPaletteChange(() => renew((count) => count + 1)), []);
  useLayoutEffect(() => {
    if (host.current === null) return;
    const element = host.current;
    const opened = openMirrorPlot(element, { onHover: setHover });
    plot.current = opened;
    const watch = new ResizeObserver(() =>
      opened.resize(element.clientWidth, element.clientHeight),
    );
    watch.observe(element);
    return () => {
      watch.disconnect();
      opened.close();
      plot.current = undefined;
    };
  }, [look]);
  // Before the browser draws, with what else the tick changes: later it would be a frame of its own.
  useLayoutEffect(() => {
    if (toMs > 0) plot.current?.draw({ columns, fromMs, toMs, units: unit });
  });

  return (
    <figure className="mirror">
      <div ref={host} className="plot" aria-hidden="true" />
      {hover === undefined ? null : <HoverCard hover={hover} units={unit} />}
      <figcaption className="unseen">
        {inWords({ subject, columns, minutes, units: unit })}
      </figcaption>
    </figure>
  );
}

function HoverCard({ hover, units: unit }: { hover: Hover; units: Units }) {
  const card = useRef<HTMLDivElement>(null);
  const isRight = hover.left > 220;
  return (
    <div
      ref={card}
      className={isRight ? "hover before" : "hover"}
      style={{ left: `${hover.left}px` }}
      aria-hidden="true"
    >
      <b>{clockText(hover.atMs, true)}</b>
      {hover.rx === null || hover.tx === null ? (
        <span>nothing is known of this time</span>
      ) : (
        <>
          <span>
            <i className="dot d" />
            Download<em>{exactRateText(hover.rx, unit)}</em>
          </span>
          <span>
            <i className="dot u" />
            Upload<em>{exactRateText(hover.tx, unit)}</em>
          </span>
        </>
      )}
    </div>
  );
}

interface Told {
  readonly subject: string;
  readonly columns: Columns;
  readonly minutes: number;
  readonly units: Units;
}

function inWords({ subject, columns: { rx, tx }, minutes, units: unit }: Told): string {
  // Not the rate of now: it stands beside the chart, and a long text that changes each second costs a tenth of a tick.
  const words = (values: readonly (number | null)[]) => `at most ${rateText(peakOf(values), unit)}`;
  return `${subject}, the last ${minutes} min. Download ${words(rx)}, upload ${words(tx)}.`;
}
