/** Quantities in two pieces, the number and its unit, as the page sets them (pure). */

import { formatBytes, formatRate } from "../../model/format.ts";
import { formatBitRate } from "../../model/rate.ts";
import type { Units } from "../store/settings.ts";

export interface Quantity {
  readonly number: string;
  readonly unit: string;
}

export function rate(bytesPerSecond: number, units: Units): Quantity {
  return split(rateText(bytesPerSecond, units));
}

/** Of a table's cell, where nothing is no number. */
export function cellRate(bytesPerSecond: number, units: Units): Quantity {
  return bytesPerSecond === 0 ? NOTHING : rate(bytesPerSecond, units);
}

const NOTHING: Quantity = { number: "–", unit: "" };

export function volume(bytes: number): Quantity {
  return split(formatBytes(bytes));
}

export function rateText(bytesPerSecond: number, units: Units): string {
  return units === "bits" ? formatBitRate(bytesPerSecond) : formatRate(bytesPerSecond);
}

/** As on an axis: "50 Mbit/s", not "50.0". */
export function roundRateText(bytesPerSecond: number, units: Units): string {
  return rateText(bytesPerSecond, units)
    .replace(/\.0+ /, " ")
    .replace(/(\.\d*?)0+ /, "$1 ");
}

/** To the last bit: "53,941,204 bit/s". */
export function exactRateText(bytesPerSecond: number, units: Units): string {
  const value = Math.round(units === "bits" ? bytesPerSecond * 8 : bytesPerSecond);
  return `${WHOLE.format(value)} ${units === "bits" ? "bit/s" : "B/s"}`;
}

export function exactBytesText(bytes: number): string {
  return `${WHOLE.format(Math.round(bytes))} bytes`;
}

const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
// Made once: toLocaleString() looks up its language at each call, which was a tenth of a tick.
const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const MINUTES = new Intl.DateTimeFormat("en-GB", CLOCK);
const SECONDS = new Intl.DateTimeFormat("en-GB", { ...CLOCK, second: "2-digit" });

/** "14:28", or "14:28:05". */
export function clockText(atMs: number, withSeconds = false): string {
  return (withSeconds ? SECONDS : MINUTES).format(atMs);
}

/** With the date where it is another day than `nowMs`: "3 Dec, 14:28:05". */
export function momentText(atMs: number, nowMs: number): string {
  const isToday = new Date(atMs).toDateString() === new Date(nowMs).toDateString();
  if (isToday) return clockText(atMs, true);
  const day = new Date(atMs).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return `${day}, ${clockText(atMs, true)}`;
}

function split(text: string): Quantity {
  const [number = "", unit = ""] = text.split(" ");
  return { number, unit };
}
