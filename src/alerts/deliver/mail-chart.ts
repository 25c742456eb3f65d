/** The moment as a chart that every mail program shows: a table of coloured cells, no picture and nothing remote. In the
 * plain text it is a line of blocks. */

import type { AlertSeries } from "../../model/alert.ts";
import { formatBitRate } from "../../model/rate.ts";

const HEIGHT_PX = 64;
const BAR_PX = 6;
/** The page's colours of download and upload, which colour-blind eyes tell apart, on light and on dark. */
export const RX_COLOUR = "#2a6fdb";
export const TX_COLOUR = "#d9701f";
const BLOCKS = "▁▂▃▄▅▆▇█";

/** "" where there is nothing to draw. */
export function chartHtml(series: AlertSeries): string {
  const most = highest(series);
  if (most === 0) return "";
  const bars = series.rxBytesPerSecond.map((rx, at) => {
    const tx = series.txBytesPerSecond[at] ?? 0;
    return bar(pixels(rx, most), pixels(tx, most));
  });
  return (
    `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse">` +
    `<tr>${bars.join("")}</tr></table>` +
    `<p style="margin:4px 0 16px;font-size:12px;color:#777777">` +
    `<span style="color:${RX_COLOUR}">&#9632;</span> Download ` +
    `<span style="color:${TX_COLOUR}">&#9632;</span> Upload; ` +
    `${spanText(series)}, at most ${formatBitRate(most)}</p>`
  );
}

/** "▁▁▂█ at most 54 Mbit/s"; "" where there is nothing to draw. */
export function chartText(series: AlertSeries): string {
  const most = highest(series);
  if (most === 0) return "";
  const blocks = series.rxBytesPerSecond.map((rx, at) => {
    const share = (rx + (series.txBytesPerSecond[at] ?? 0)) / most;
    return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(share * BLOCKS.length))];
  });
  return `${blocks.join("")}  ${spanText(series)}, at most ${formatBitRate(most)}`;
}

function highest({ rxBytesPerSecond, txBytesPerSecond }: AlertSeries): number {
  const sums = rxBytesPerSecond.map((rx, at) => rx + (txBytesPerSecond[at] ?? 0));
  return Math.max(0, ...sums.filter(Number.isFinite));
}

function pixels(bytesPerSecond: number, most: number): number {
  if (!(bytesPerSecond > 0 && bytesPerSecond <= most)) return 0;
  // What is there is seen, however little.
  return Math.max(1, Math.round((bytesPerSecond / most) * HEIGHT_PX));
}

// Nested tables and bgcolor: Outlook draws with Word, which knows heights of cells only.
function bar(rxPx: number, txPx: number): string {
  const cells = cell(txPx, TX_COLOUR) + cell(rxPx, RX_COLOUR);
  const inner = `<table role="presentation" cellpadding="0" cellspacing="0" border="0">${cells}</table>`;
  return `<td valign="bottom" width="${BAR_PX}" height="${HEIGHT_PX}" style="padding:0 1px 0 0">${cells === "" ? "" : inner}</td>`;
}

function cell(heightPx: number, colour: string): string {
  if (heightPx === 0) return "";
  const style = `height:${heightPx}px;background:${colour};font-size:0;line-height:0`;
  return `<tr><td width="${BAR_PX - 1}" height="${heightPx}" bgcolor="${colour}" style="${style}"></td></tr>`;
}

function spanText({ atMs }: AlertSeries): string {
  const seconds = Math.max(1, Math.round(((atMs.at(-1) ?? 0) - (atMs[0] ?? 0)) / 1000));
  return seconds < 120 ? `the last ${seconds} s` : `the last ${Math.round(seconds / 60)} min`;
}
