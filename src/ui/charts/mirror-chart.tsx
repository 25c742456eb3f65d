/** The mirrored chart with what it says on hover, and in words for those who cannot see it. */

import { type PointerEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { clockText, exactRateText, rateText } from "../look/quantity.ts";
import { useStore } from "../store/create-store.ts";
import { drawFirst, latestTick, pausedAtMs, shown } from "../store/live.ts";
import type { Columns } from "../store/series.ts";
import { span, type Units, units } from "../store/settings.ts";
import type { Tick } from "../stream/messages.ts";
import { nearest, peakOf } from "./columns.ts";
import { minuteWords } from "./minute-words.ts";
import { type MirrorPlot, openMirrorPlot } from "./mirror-plot.ts";

export interface MirrorChartProps {
  /** What it shows, for its text alternative: "All networks". */
  readonly subject: string;
  /** Must be the same function as long as it reads the same. */
  readonly read: (fromMs: number, toMs: number) => Columns;
}

/** CSS pixels from the chart's left edge, and its width. */
interface Pointer {
  readonly x: number;
  readonly width: number;
}

export function MirrorChart({ subject, read }: MirrorChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<MirrorPlot>(undefined);
  const [pointer, point] = useState<Pointer>();
  const tick = useStore(shown);
  const minutes = useStore(span);
  const unit = useStore(units);
  const isPaused = useStore(pausedAtMs) !== undefined;
  const { fromMs, toMs, columns } = readingOf(tick, { minutes, read });
  /** What it was drawn of; the tick first. */
  const drawn = useRef<readonly [Tick, ...unknown[]]>(undefined);

  useLayoutEffect(() => {
    if (host.current === null) return;
    const opened = openMirrorPlot(host.current);
    plot.current = opened;
    drawn.current = undefined;
    return () => opened.close();
  }, []);
  /** Nothing where it is drawn already. */
  const draw = async (at: Tick | undefined) => {
    if (at === undefined) return;
    const what = [at, minutes, read, unit, pointer] as const;
    if (isSame(what, drawn.current ?? [])) return;
    drawn.current = what;
    const reading = at === tick ? { fromMs, toMs, columns } : readingOf(at, { minutes, read });
    const times = (width: number) => minuteWords(reading, width);
    await plot.current?.draw({ ...reading, units: unit, times, pointer: pointer?.x });
  };
  const latestDraw = useRef(draw);
  latestDraw.current = draw;
  useEffect(() => drawFirst(() => latestDraw.current(latestTick())), []);
  // What is drawn already may be newer than what is shown, unless the view is held.
  useLayoutEffect(() => {
    const ahead = drawn.current?.[0];
    const isAhead =
      !isPaused && ahead !== undefined && tick !== undefined && ahead.atMs > tick.atMs;
    void draw(isAhead ? ahead : tick);
  });

  const move = ({ clientX, currentTarget }: PointerEvent<HTMLElement>) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    point({ x: clientX - left, width });
  };
  const at =
    pointer === undefined
      ? undefined
      : nearest({ columns, fromMs, toMs }, pointer.x / pointer.width);
  return (
    <figure className="mirror">
      <div
        ref={host}
        className="plot"
        aria-hidden="true"
        onPointerMove={move}
        onPointerLeave={() => point(undefined)}
      />
      {at === undefined || pointer === undefined ? null : (
        <HoverCard
          hover={{
            atMs: columns.atMs[at] ?? 0,
            rx: columns.rx[at] ?? null,
            tx: columns.tx[at] ?? null,
            left: (((columns.atMs[at] ?? 0) - fromMs) / (toMs - fromMs)) * pointer.width,
          }}
          units={unit}
        />
      )}
      <figcaption className="unseen">
        {inWords({ subject, columns, minutes, units: unit })}
      </figcaption>
    </figure>
  );
}

interface Reading {
  readonly fromMs: number;
  readonly toMs: number;
  readonly columns: Columns;
}

function readingOf(
  tick: Tick | undefined,
  { minutes, read }: Pick<MirrorChartProps, "read"> & { readonly minutes: number },
): Reading {
  const toMs = tick?.atMs ?? 0;
  const fromMs = toMs - minutes * 60_000;
  // One more on the left, so that the line begins at the edge.
  return { fromMs, toMs, columns: read(fromMs - 2 * (tick?.intervalMs ?? 0), toMs) };
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, at) => Object.is(one, b[at]));
}

interface Hover {
  readonly atMs: number;
  readonly rx: number | null;
  readonly tx: number | null;
  /** From the left edge of the chart, CSS pixels. */
  readonly left: number;
}

function HoverCard({ hover, units: unit }: { hover: Hover; units: Units }) {
  const isRight = hover.left > 220;
  return (
    <div
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
