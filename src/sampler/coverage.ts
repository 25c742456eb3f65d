/** How much of what an interface counted has an owner, like with like.
 *
 * An interface counts an offloaded packet once and adds its link header: attributed bytes are put into its terms, not
 * the other way round. Interface and flows are not read at the same instant; sums run from the first reading, so that
 * this skew stays as small as one tick's and does not add up. Bytes that found no room in the kernel's tables are known
 * for the machine only, not per interface: here they are in the unknown part. */

import type { InterfaceCoverage, RemainderKind } from "../model/sample.ts";
import type { InterfaceKind } from "../model/snapshot.ts";

/** Parts of an interface's traffic, each with eight sums. */
export const PARTS = ["attributed", "kernel", "forwarded", "carried", "limited"] as const;
const [, ...NAMED] = PARTS;
/** Positions in a part, received; sent is the next. */
export const PART_DEVICE_BYTES = 0;
export const PART_WIRE_BYTES = 2;
export const PART_DEVICE_PACKETS = 4;
export const PART_WIRE_PACKETS = 6;
export const PART_WIDTH = 8;

/** An interface since its first reading. */
export interface Counted {
  readonly name: string;
  readonly kind: InterfaceKind;
  readonly present: boolean;
  readonly linkHeaderBytes: number;
  readonly countsSegments: boolean;
  readonly rxBytes: number;
  readonly txBytes: number;
  /** PART_WIDTH sums for each of PARTS, second copies left out. */
  readonly parts: Float64Array;
}

/** What is left over is "unknown": below zero where flows were read later than the interface, or by a fault. */
export function coverageOf(counted: Counted): InterfaceCoverage {
  return complete(counted, partOf(counted, "attributed"), (kind) => partOf(counted, kind));
}

/** One row for several interfaces: those that had one name in turn, or folded ones. `name` and `kind` are the last's. */
export function mergeCoverage(rows: readonly InterfaceCoverage[]): InterfaceCoverage | undefined {
  const last = rows.at(-1);
  if (last === undefined || rows.length === 1) return last;
  const sum = (of: (row: InterfaceCoverage) => number) =>
    rows.reduce((all, row) => all + of(row), 0);
  const remainder = (kind: RemainderKind) => ({
    rxBytes: sum((row) => row.remainders[kind]?.rxBytes ?? 0),
    txBytes: sum((row) => row.remainders[kind]?.txBytes ?? 0),
  });
  const counted = {
    ...last,
    present: rows.some((row) => row.present),
    rxBytes: sum((row) => row.rxBytes),
    txBytes: sum((row) => row.txBytes),
  };
  const attributed = {
    rxBytes: sum((row) => row.rxAttributedBytes),
    txBytes: sum((row) => row.txAttributedBytes),
  };
  return complete(counted, attributed, remainder);
}

interface Pair {
  readonly rxBytes: number;
  readonly txBytes: number;
}

function partOf(counted: Counted, name: (typeof PARTS)[number]): Pair {
  const part = PARTS.indexOf(name);
  return { rxBytes: bytesOf(counted, part, 0), txBytes: bytesOf(counted, part, 1) };
}

function bytesOf(counted: Counted, part: number, direction: number): number {
  const { parts, countsSegments, linkHeaderBytes } = counted;
  const value = (position: number) => parts[part * PART_WIDTH + position + direction] ?? 0;
  return countsSegments
    ? value(PART_WIRE_BYTES) + value(PART_WIRE_PACKETS) * linkHeaderBytes
    : value(PART_DEVICE_BYTES) + value(PART_DEVICE_PACKETS) * linkHeaderBytes;
}

function complete(
  {
    name,
    kind,
    present,
    rxBytes,
    txBytes,
  }: Omit<Counted, "parts" | "linkHeaderBytes" | "countsSegments">,
  attributed: Pair,
  named: (kind: (typeof NAMED)[number]) => Pair,
): InterfaceCoverage {
  const rest = { rxBytes: rxBytes - attributed.rxBytes, txBytes: txBytes - attributed.txBytes };
  const remainders: Partial<Record<RemainderKind, Pair>> = {};
  for (const kind of NAMED) {
    const part = named(kind);
    if (isNothing(part)) continue;
    remainders[kind] = part;
    rest.rxBytes -= part.rxBytes;
    rest.txBytes -= part.txBytes;
  }
  if (!isNothing(rest)) remainders.unknown = rest;
  return {
    name,
    kind,
    present,
    rxBytes,
    txBytes,
    rxAttributedBytes: attributed.rxBytes,
    txAttributedBytes: attributed.txBytes,
    remainders,
    rxCoverage: share(attributed.rxBytes, rxBytes - (remainders.limited?.rxBytes ?? 0)),
    txCoverage: share(attributed.txBytes, txBytes - (remainders.limited?.txBytes ?? 0)),
  };
}

/** Of what was not dropped on purpose. */
function share(attributed: number, counted: number): number | undefined {
  return counted > 0 ? attributed / counted : undefined;
}

function isNothing({ rxBytes, txBytes }: Pair): boolean {
  return rxBytes === 0 && txBytes === 0;
}
