/** From one tree of classes to another (pure): the lines for `tc -batch`, in an order in which every step is valid. */

import type { ClassTree, ShaperClass } from "./classes.ts";

/** Of the qdisc that holds the classes, as tc writes it. */
export const MAJOR = "6d:";
export const MAJOR_NUMBER = 0x6d << 16;

export interface Shaper {
  /** Name of the IFB device. */
  readonly device: string;
  /** How a class queues its packets. */
  readonly leaf: "fq_codel" | "bfifo";
}

export interface ShaperSteps {
  /** Before packets are sent to the new classes. */
  readonly add: readonly string[];
  /** When no packets are sent to the old ones any more. */
  readonly remove: readonly string[];
}

/** Nothing where both are the same. */
export function planShaper(before: ClassTree, after: ClassTree, shaper: Shaper): ShaperSteps {
  const add: string[] = [];
  const remove: string[] = [];
  const old = byMinor(before);
  const fresh = byMinor(after);
  for (const one of after.classes.values()) {
    const was = old.get(one.minor);
    // A class cannot move into another; its number stays with its chain, so it never has to.
    if (was === undefined) add.push(classLine("add", one, shaper));
    else if (isOther(was, one)) add.push(classLine("change", one, shaper));
    if (!one.isLeaf) continue;
    // Without its last inner class a class holds packets again, and the kernel gives it a queue of its own choice.
    if (was?.isLeaf === false) remove.push(queueLine("replace", one, shaper));
    else if (was === undefined) add.push(queueLine("add", one, shaper));
    else if (queueOf(was, shaper) !== queueOf(one, shaper))
      add.push(queueLine("replace", one, shaper));
  }
  const gone = [...before.classes.values()].filter(({ minor }) => !fresh.has(minor)).reverse();
  remove.unshift(
    ...gone.map(({ minor }) => `class del dev ${shaper.device} classid ${classId(minor)}`),
  );
  return { add, remove };
}

/** "6d:1f" */
export function classId(minor: number): string {
  return `${MAJOR}${minor.toString(16)}`;
}

function byMinor({ classes }: ClassTree): Map<number, ShaperClass> {
  return new Map([...classes.values()].map((one) => [one.minor, one]));
}

function isOther(a: ShaperClass, b: ShaperClass): boolean {
  return (
    a.rateBytesPerSecond !== b.rateBytesPerSecond ||
    a.ceilBytesPerSecond !== b.ceilBytesPerSecond ||
    a.priority !== b.priority
  );
}

function classLine(verb: "add" | "change", one: ShaperClass, { device }: Shaper): string {
  const { parentMinor, minor, rateBytesPerSecond: rate, ceilBytesPerSecond: ceil } = one;
  const parent = parentMinor === 0 ? MAJOR : classId(parentMinor);
  return [
    `class ${verb} dev ${device} parent ${parent} classid ${classId(minor)} htb`,
    `prio ${one.priority} rate ${bits(rate)} ceil ${bits(ceil)}`,
    `burst ${burstBytes(rate)} cburst ${burstBytes(ceil)} quantum ${quantumBytes(ceil)}`,
  ].join(" ");
}

function queueLine(verb: "add" | "replace", one: ShaperClass, shaper: Shaper): string {
  return `qdisc ${verb} dev ${shaper.device} parent ${classId(one.minor)} ${queueOf(one, shaper)}`;
}

/** What waits in a class: a tenth of a second, and room for two offloaded packets, which are queued whole; at the lowest rates
 * for one, as senders repeat what waits for seconds (RFC 6298). */
function queueOf({ ceilBytesPerSecond }: ShaperClass, { leaf }: Shaper): string {
  if (leaf === "bfifo") {
    const least = clamp(ceilBytesPerSecond * HALF_S, [69_632, 131_072]);
    const limit = clamp(ceilBytesPerSecond * QUEUE_S, [least, LARGEST_QUEUE_BYTES]);
    return `bfifo limit ${limit}`;
  }
  // At low rates a single packet takes longer than the usual 5 ms (RFC 8289 section 5.2.3).
  const packetMs = Math.ceil((1.5 * FULL_PACKET_BYTES * 1000) / ceilBytesPerSecond);
  const targetMs = Math.max(5, packetMs);
  return `fq_codel target ${targetMs}ms interval ${Math.max(100, targetMs * 2)}ms`;
}

const FULL_PACKET_BYTES = 1514;
const QUEUE_S = 0.1;
const HALF_S = 0.5;
const LARGEST_QUEUE_BYTES = 16_777_216;
/** The shaper's timer may be late by some milliseconds on a busy machine; what it could have sent meanwhile is made up
 * for. HTB's own default gave 96 % of 1 Gbit/s. */
const BURST_S = 0.004;

function burstBytes(rate: number): number {
  return clamp(rate * BURST_S, [FULL_PACKET_BYTES + 86, 2 ** 26]);
}

/** What a class sends before the next of the same priority has its turn. */
function quantumBytes(ceil: number): number {
  return clamp(ceil * BURST_S, [FULL_PACKET_BYTES, 60_000]);
}

function bits(bytesPerSecond: number): string {
  return `${Math.max(8, Math.round(bytesPerSecond * 8))}bit`;
}

function clamp(value: number, [least, most]: [number, number]): number {
  return Math.round(Math.min(most, Math.max(least, value)));
}
