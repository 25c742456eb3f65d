/** The top of the screen: what the machine does, how it is counted, and whether anything new comes. */

import { formatBytes, formatDuration, formatShare } from "../../model/format.ts";
import { RATE_WIDTH, rateText } from "./columns.ts";
import { cell, type Line, piece, spread, type Tone } from "./frame.ts";
import { type Moment, machineRates, machineSeries, type Rates } from "./history.ts";
import type { LayoutOptions } from "./layout.ts";
import { NETWORKS, scopeName } from "./scope.ts";
import { sparkline } from "./sparkline.ts";
import { shownData, type TopState } from "./state.ts";

/** Shown at every width: finer bars on a wide screen. */
const SPAN_MS = 5 * 60_000;
const SHORTEST_CELL_MS = 1000;
const LABEL_WIDTH = 10;
const TAIL_WIDTH = 17;
/** Bars say more than the total where there is no room for both. */
const NARROW = 64;

export function headOf(state: TopState, { columns: width, ascii }: LayoutOptions): readonly Line[] {
  const { moments } = shownData(state);
  const last = moments.at(-1)?.sample;
  const { scope, bytes, lost } = state;
  const tailWidth = width < NARROW ? 0 : TAIL_WIDTH;
  const span = Math.max(0, width - LABEL_WIDTH - RATE_WIDTH - tailWidth - 3);
  const cellMs = Math.max(SHORTEST_CELL_MS, Math.ceil(SPAN_MS / Math.max(1, span) / 1000) * 1000);
  const series = machineSeries(moments, { scope, count: span, cellMs });
  const rates = machineRates(moments, scope);
  const top = fullBar(series);
  const clock = last === undefined ? "" : new Date(last.atMs).toLocaleTimeString("sv-SE");
  const direction = (label: string, tone: Tone, of: (rates: Rates) => number) => [
    cell(label, LABEL_WIDTH, { tone: "bold" }),
    cell(rateText(of(rates), bytes), RATE_WIDTH, { align: "right", tone }),
    piece(" "),
    piece(sparkline(series.map(of), { width: span, top, ascii }), tone),
    piece("  "),
    cell(tail(moments, state, tone), tailWidth, { tone: "dim" }),
  ];
  return [
    spread(
      [
        piece("Monitauri", "bold"),
        piece("  "),
        piece(scopeName(scope), scope === NETWORKS ? "plain" : "warning"),
      ],
      [piece(last === undefined ? "" : `last ${formatDuration(span * cellMs)}  ${clock}`, "dim")],
      width,
    ),
    direction("Download", "down", ({ rxBytesPerSecond }) => rxBytesPerSecond),
    direction("Upload", "up", ({ txBytesPerSecond }) => txBytesPerSecond),
    [lost === undefined ? piece(howCounted(moments), "dim") : piece(lost, "error")],
  ];
}

/** Bars of rows and of the machine grow in steps of four, so that they keep their heights while rates change a little. */
export function fullBar(series: readonly Rates[]): number {
  const most = series.reduce(
    (max, { rxBytesPerSecond, txBytesPerSecond }) =>
      Math.max(max, rxBytesPerSecond, txBytesPerSecond),
    1,
  );
  return 4 ** Math.ceil(Math.log(most) / Math.log(4));
}

function tail(moments: readonly Moment[], { scope }: TopState, tone: Tone): string {
  const last = moments.at(-1)?.sample;
  if (last === undefined || scope.kind === "interface") return "";
  const [rx, tx] =
    scope.kind === "loopback"
      ? [last.rxTotalLoopbackBytes, last.txTotalLoopbackBytes]
      : [last.rxTotalBytes, last.txTotalBytes];
  return `total ${formatBytes(tone === "down" ? rx : tx)}`;
}

function howCounted(moments: readonly Moment[]): string {
  const last = moments.at(-1)?.sample;
  if (last === undefined) return "Waiting for the first sample...";
  const share =
    last.attributedShare === null ? "" : `${formatShare(last.attributedShare)} has an owner; `;
  const gap = last.gap === null ? "" : `; gap: ${last.gap}`;
  return `${share}counted by ${last.counting}${gap}`;
}
