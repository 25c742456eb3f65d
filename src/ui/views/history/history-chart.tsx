/** The mirrored chart of a period: gaps and restarts are marked, and a part of it can be chosen with the pointer or the
 * keyboard to look closer. */

import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { HistoryAnswer, Period } from "../../../model/history.ts";
import { peakOf } from "../../charts/columns.ts";
import { type MirrorPlot, openMirrorPlot } from "../../charts/mirror-plot.ts";
import { rateText } from "../../look/quantity.ts";
import type { Units } from "../../store/settings.ts";
import { type Axis, brushed, closer, pixelAt, timeAt } from "./brush.ts";
import { bucketText, HoverCard } from "./bucket-words.tsx";
import { type Bucket, bucketAt, bucketsOf, columnsOf, laidOver, unwatched } from "./buckets.ts";
import { pressKey, type Selection, usePointer } from "./chart-input.ts";
import { periodText } from "./periods.ts";
import { timeTicks } from "./ticks.ts";
import type { Zone } from "./zone.ts";

export interface HistoryChartProps {
  /** What it shows, for its text alternative. */
  readonly subject: string;
  readonly answer: HistoryAnswer;
  /** What it is compared with. */
  readonly before: HistoryAnswer | undefined;
  readonly zone: Zone;
  readonly units: Units;
  /** undefined: there is nothing to step back from. */
  readonly onBack: (() => void) | undefined;
  readonly onZoom: (period: Period) => void;
  readonly onMove: (by: 1 | -1) => void;
}

export function HistoryChart(props: HistoryChartProps) {
  const { answer, before, zone, units, onZoom } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<MirrorPlot>(undefined);
  const [pointed, point] = useState<number>();
  const [isKeyboard, setKeyboard] = useState(false);
  const [selection, select] = useState<Selection>();
  const [width, setWidth] = useState(0);
  const buckets = useMemo(
    () => (answer.series === null ? [] : bucketsOf(answer.series, answer)),
    [answer],
  );
  const axis = { fromMs: answer.fromMs, toMs: answer.toMs, width };
  const bucket = pointed === undefined ? undefined : buckets[pointed];

  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return;
    const opened = openMirrorPlot(element);
    plot.current = opened;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    watch.observe(element);
    setWidth(element.clientWidth);
    return () => {
      watch.disconnect();
      opened.close();
    };
  }, []);
  useLayoutEffect(() => {
    const { fromMs, toMs, gaps, sessions } = answer;
    void plot.current?.draw({
      ...{ columns: columnsOf(buckets), fromMs, toMs, units },
      other: before === undefined ? undefined : laidOver(before, answer),
      holes: answer.series === null ? [] : unwatched(buckets, gaps),
      marks: sessions.map((one) => one.fromMs).filter((atMs) => atMs >= fromMs && atMs < toMs),
      times: (room) =>
        timeTicks(answer, { zone, most: Math.max(1, Math.floor(room / TICK_WIDTH)) }).map(
          (tick) => ({ ...tick, align: "center" }),
        ),
    });
  }, [answer, before, buckets, units, zone]);
  // What was pointed at is another time now.
  useEffect(() => {
    point(undefined);
    select(undefined);
  }, [answer.fromMs, answer.series?.stepMs]);

  const leave = () => {
    point(undefined);
    select(undefined);
  };
  const startsMs = buckets.map(({ fromMs }) => fromMs);
  const finish = (chosen: Selection) => {
    select(undefined);
    const part = brushed(chosen, { ...answer, startsMs });
    if (part !== undefined) onZoom(part);
  };
  const pointer = usePointer({
    at: (x) => timeAt(x, axis),
    onHover(atMs) {
      setKeyboard(false);
      point(atMs === undefined ? undefined : bucketAt(buckets, atMs));
    },
    onSelect: select,
    onSelected: finish,
    onClick: (atMs) => {
      const at = bucketAt(buckets, atMs);
      const hit = at === undefined ? undefined : buckets[at];
      if (hit !== undefined && hit.toMs - hit.fromMs >= CLICK_MS) onZoom(hit);
    },
  });
  const keyboard = (event: KeyboardEvent) => {
    const isDone = pressKey(event, {
      buckets,
      pointed,
      selection,
      point(at) {
        setKeyboard(true);
        point(at);
      },
      select,
      finish,
      zoom: (atMs) => {
        const part = closer(atMs, answer);
        if (part !== undefined) onZoom(part);
      },
      back: props.onBack,
      move: props.onMove,
    });
    if (isDone) event.preventDefault();
  };
  return (
    <figure className="mirror past">
      <div
        className="stage"
        tabIndex={0}
        role="group"
        aria-roledescription="chart"
        aria-label={`Traffic of ${props.subject} over time`}
        aria-describedby="chart-keys"
        onKeyDown={keyboard}
        onBlur={() => leave()}
        {...pointer}
      >
        <div ref={host} className="plot" aria-hidden="true" />
        {bucket === undefined ? null : (
          <Band className="pointed" from={bucket.fromMs} to={bucket.toMs} axis={axis} />
        )}
        {selection === undefined ? null : (
          <Band
            className="selected"
            from={Math.min(...selection)}
            to={Math.max(...selection)}
            axis={axis}
          />
        )}
      </div>
      {bucket === undefined ? null : (
        <HoverCard
          bucket={bucket}
          answer={answer}
          left={pixelAt((bucket.fromMs + bucket.toMs) / 2, axis)}
          width={width}
          zone={zone}
          units={units}
        />
      )}
      <figcaption className="unseen">{inWords(props, buckets)}</figcaption>
      <p className="unseen" aria-live="polite">
        {isKeyboard && bucket !== undefined ? bucketText({ bucket, answer, zone, units }) : ""}
      </p>
      <p className="unseen" id="chart-keys">
        Arrows move through it, with Shift they choose a part, Enter looks closer, Backspace goes a
        step back, comma and full stop go to the time before and after.
      </p>
    </figure>
  );
}

/** Room that a time needs, CSS pixels. */
const TICK_WIDTH = 84;

/** A click on a shorter step shows no more than there is already. */
const CLICK_MS = 60_000;

function Band({
  className,
  from,
  to,
  axis,
}: {
  className: string;
  from: number;
  to: number;
  axis: Axis;
}) {
  const [left, right] = [pixelAt(from, axis), pixelAt(to, axis)];
  return (
    <i
      className={className}
      aria-hidden="true"
      style={{ left: `${left}px`, width: `${Math.max(1, right - left)}px` }}
    />
  );
}

function inWords({ subject, answer, zone, units }: HistoryChartProps, buckets: readonly Bucket[]) {
  const peak = (of: (bucket: Bucket) => number | null) =>
    `at most ${rateText(peakOf(buckets.map(of)), units)}`;
  const when = periodText(answer, { zone, nowMs: answer.toMs });
  return `${subject}, ${when}. Download ${peak(({ rx }) => rx)}, upload ${peak(({ tx }) => tx)}.`;
}
