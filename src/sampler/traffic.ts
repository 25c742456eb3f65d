/** Traffic as rows of numbers: what a flow's counters are summed to, and their way back to objects. */

import type { Traffic } from "../model/sample.ts";
import {
  COPY_BYTES,
  COPY_PACKETS,
  COUNTERS_PER_FLOW,
  DEVICE_BYTES,
  DEVICE_PACKETS,
  PAYLOAD_BYTES,
  SEGMENT_BYTES,
  SEGMENT_PACKETS,
  TX,
} from "../model/snapshot.ts";

/** Positions in a row of sums, received; sent is the next position. The first eight are a Traffic. */
export const BYTES = 0;
export const PACKETS = 2;
export const PAYLOAD = 4;
export const DEVICE = 6;
export const TRAFFIC_WIDTH = 8;
/** Further sums that a flow's difference has: second copies, part of all others, and packets as devices count them. */
export const COPIED_BYTES = 8;
export const COPIED_PACKETS = 10;
export const PACKETS_ON_DEVICE = 12;
export const DIFFERENCE_WIDTH = 14;

/** What a reading's counters sum to, all since the beginning, written to `sums`. */
export function sumCounters(counters: Float64Array, row: number, sums: Float64Array): void {
  for (let direction = 0; direction < 2; direction++) {
    const from = row * COUNTERS_PER_FLOW + direction * TX;
    const device = counters[from + DEVICE_BYTES] as number;
    const packets = counters[from + DEVICE_PACKETS] as number;
    sums[BYTES + direction] = device + (counters[from + SEGMENT_BYTES] as number);
    sums[PACKETS + direction] = packets + (counters[from + SEGMENT_PACKETS] as number);
    sums[PAYLOAD + direction] = counters[from + PAYLOAD_BYTES] as number;
    sums[DEVICE + direction] = device;
    sums[COPIED_BYTES + direction] = counters[from + COPY_BYTES] as number;
    sums[COPIED_PACKETS + direction] = counters[from + COPY_PACKETS] as number;
    sums[PACKETS_ON_DEVICE + direction] = packets;
  }
}

/** Takes second copies of a packet out of a difference: for sums in which each packet counts once. Payload stays: each
 * receiver did get its copy. */
export function leaveOutCopies(difference: Float64Array): void {
  for (let direction = 0; direction < 2; direction++) {
    const bytes = difference[COPIED_BYTES + direction] as number;
    const packets = difference[COPIED_PACKETS + direction] as number;
    if (bytes === 0 && packets === 0) continue;
    subtract(difference, BYTES + direction, bytes);
    subtract(difference, DEVICE + direction, bytes);
    subtract(difference, PACKETS + direction, packets);
    subtract(difference, PACKETS_ON_DEVICE + direction, packets);
  }
}

function subtract(values: Float64Array, at: number, amount: number): void {
  values[at] = (values[at] as number) - amount;
}

/** True where anything at all was counted. Copies too: the kernel counts one just before its packet, and the reading
 * may fall between the two. */
export function isActive(difference: Float64Array): boolean {
  for (let i = 0; i < DIFFERENCE_WIDTH; i++) if (difference[i] !== 0) return true;
  return false;
}

/** Adds `width` numbers of `from` to `to`. Its arguments are in a row, as memcpy's are: it runs for every changed flow,
 * where an options object would be garbage. */
export function addNumbers(
  to: Float64Array,
  toAt: number,
  from: Float64Array,
  fromAt = 0,
  width = TRAFFIC_WIDTH,
): void {
  for (let i = 0; i < width; i++) {
    to[toAt + i] = (to[toAt + i] as number) + (from[fromAt + i] as number);
  }
}

/** Eight sums from `at` as an object. */
export function trafficOf(values: Float64Array, at = 0): Traffic {
  const value = (i: number) => values[at + i] ?? 0;
  return {
    rxBytes: value(BYTES),
    txBytes: value(BYTES + 1),
    rxPackets: value(PACKETS),
    txPackets: value(PACKETS + 1),
    rxPayloadBytes: value(PAYLOAD),
    txPayloadBytes: value(PAYLOAD + 1),
    rxDeviceBytes: value(DEVICE),
    txDeviceBytes: value(DEVICE + 1),
  };
}
