/** A series as two lines of bars; where nobody watched there is a dot and no zero. */

import { formatBytes, formatDuration } from "../model/format.ts";
import type { HistorySeries } from "../model/history.ts";
import { clock } from "./answer.ts";
import { sparkline } from "./top/sparkline.ts";

/** "Download ", and the largest step behind the bars. */
const BESIDE = 9 + 18;
const DAY_MS = 24 * 3_600_000;

export interface ChartForm {
  readonly width: number;
  readonly ascii: boolean;
}

/** Steps that a chart of this width has room for. */
export function chartSteps(width: number): number {
  return Math.max(10, width - BESIDE);
}

export function historyChart(series: HistorySeries, { width, ascii }: ChartForm): string[] {
  const { startsMs, rxBytes, txBytes, observedMs, stepMs } = series;
  const steps = Math.min(chartSteps(width), startsMs.length);
  if (steps < 2) return [];
  const shown = startsMs.slice(-steps);
  const top = Math.max(...rxBytes.slice(-steps), ...txBytes.slice(-steps));
  const gap = ascii ? ":" : "·";
  const line = (title: string, values: readonly number[]) => {
    const bars = [...sparkline(values, { width: steps, top, ascii })];
    const seen = observedMs.slice(-steps);
    const marked = bars.map((one, at) => (seen[at] === 0 && one === " " ? gap : one)).join("");
    return `${title.padEnd(9)}${marked}  most ${formatBytes(Math.max(...values.slice(-steps)))}`;
  };
  const text = (atMs: number) => {
    const at = clock(atMs);
    return stepMs >= DAY_MS ? at.slice(5, 10) : at.slice(11, stepMs < 60_000 ? 19 : 16);
  };
  const [from, to] = [text(shown[0] ?? 0), text(shown.at(-1) ?? 0)];
  const dotted = observedMs.slice(-steps).includes(0) ? `, ${gap} not watched` : "";
  const axis = steps < from.length + to.length + 1 ? from : from + to.padStart(steps - from.length);
  return [
    line("Download", rxBytes),
    line("Upload", txBytes),
    `${" ".repeat(9)}${axis}  by ${formatDuration(stepMs)}${dotted}`,
  ];
}
