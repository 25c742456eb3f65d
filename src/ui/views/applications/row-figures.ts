/** Writes what a tick changes into a row that is there already. Going through the page's comparing costs three times as
 * much, and nothing but these texts can differ. */

import {
  cellRate,
  exactBytesText,
  exactRateText,
  type Quantity,
  volume,
} from "../../look/quantity.ts";
import { barSize } from "../../parts/figures.tsx";
import type { AppRow } from "../../store/rows.ts";
import type { Units } from "../../store/settings.ts";

/** Columns of the table, in their order. */
const [RX, TX, TOTAL, CONNECTIONS] = [2, 3, 4, 5] as const;

export interface Shown {
  readonly row: AppRow;
  /** Of what its bar is a part of. */
  readonly mostBytes: number;
  readonly units: Units;
}

export function writeFigures(
  { cells }: HTMLTableRowElement,
  { row, mostBytes, units }: Shown,
): void {
  writeRate(cells[RX], row.rxBytesPerSecond, units);
  writeRate(cells[TX], row.txBytesPerSecond, units);
  const bytes = row.rxBytes + row.txBytes;
  write(cells[TOTAL]?.firstElementChild, volume(bytes));
  writeBar(cells[TOTAL]?.lastElementChild, barSize(mostBytes > 0 ? bytes / mostBytes : 0));
  writeText(cells[CONNECTIONS], row.connections === 0 ? "–" : String(row.connections));
}

/** The exact value of what a cell shows; undefined: it shows no figure. */
export function exactText(
  cell: number,
  { row, units }: Omit<Shown, "mostBytes">,
): string | undefined {
  if (cell === RX) return exactRateText(row.rxBytesPerSecond, units);
  if (cell === TX) return exactRateText(row.txBytesPerSecond, units);
  return cell === TOTAL ? exactBytesText(row.rxBytes + row.txBytes) : undefined;
}

function writeRate(cell: Element | undefined, bytesPerSecond: number, units: Units): void {
  const figure = cell?.firstElementChild;
  write(figure, cellRate(bytesPerSecond, units));
  figure?.classList.toggle("nothing", bytesPerSecond === 0);
}

/** A figure is a text and its unit, an element. */
function write(figure: Element | null | undefined, { number, unit }: Quantity): void {
  const text = figure?.firstChild;
  // A browser that translates pages may have put an element in its place.
  if (text instanceof Text) writeData(text, number);
  else if (text?.textContent !== number) text?.replaceWith(number);
  writeText(figure?.lastElementChild, unit);
}

function writeText(element: Element | null | undefined, text: string): void {
  const child = element?.firstChild;
  if (child instanceof Text) writeData(child, text);
  else if (element && element.textContent !== text) element.textContent = text;
}

function writeData(node: Text, text: string): void {
  if (node.data !== text) node.data = text;
}

/** Painted as a background, whose size is no matter of layout. */
function writeBar(bar: Element | null | undefined, size: string): void {
  if (!(bar instanceof HTMLElement) || bars.get(bar) === size) return;
  bars.set(bar, size);
  bar.style.backgroundSize = size;
}

/** Asking a style costs what setting it does. */
const bars = new WeakMap<HTMLElement, string>();
