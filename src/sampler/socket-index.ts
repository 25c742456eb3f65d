/** Finds the rows that belong to one socket: same process, protocol, addresses and ports.
 *
 * A socket has several rows when it uses several interfaces. They count and show as one connection. A hash table with
 * chains through the flows themselves: no object per flow. */

import type { FlowColumns } from "./flow-columns.ts";

const NONE = -1;

export class SocketIndex {
  #buckets: Int32Array;
  #next: Int32Array;
  #previous: Int32Array;
  /** A remote party chooses its addresses and ports: without knowing this number it cannot make chains long. */
  readonly #seed = Math.floor(Math.random() * 2 ** 32);

  constructor(capacity: number) {
    this.#buckets = new Int32Array(capacity).fill(NONE);
    this.#next = new Int32Array(capacity).fill(NONE);
    this.#previous = new Int32Array(capacity).fill(NONE);
  }

  /** Makes room; `isIn` says which flows have been added and not removed. */
  grow(columns: FlowColumns, capacity: number, isIn: (flow: number) => boolean): void {
    const flows = this.#next.length;
    this.#buckets = new Int32Array(capacity).fill(NONE);
    this.#next = new Int32Array(capacity).fill(NONE);
    this.#previous = new Int32Array(capacity).fill(NONE);
    for (let flow = 0; flow < flows; flow++) if (isIn(flow)) this.add(columns, flow);
  }

  /** True: it is the socket's first row. */
  add(columns: FlowColumns, flow: number): boolean {
    const first = this.representative(columns, flow) === NONE;
    const bucket = this.#bucket(columns, flow);
    const head = this.#buckets[bucket] as number;
    this.#next[flow] = head;
    this.#previous[flow] = NONE;
    if (head !== NONE) this.#previous[head] = flow;
    this.#buckets[bucket] = flow;
    return first;
  }

  /** True: it was the socket's last row. */
  remove(columns: FlowColumns, flow: number): boolean {
    const next = this.#next[flow] as number;
    const previous = this.#previous[flow] as number;
    if (previous === NONE) this.#buckets[this.#bucket(columns, flow)] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    return this.representative(columns, flow) === NONE;
  }

  /** The same flow for all rows of one socket; -1 where none is in the index. */
  representative(columns: FlowColumns, flow: number): number {
    let other = this.#buckets[this.#bucket(columns, flow)] as number;
    while (other !== NONE && !isSameSocket(columns, other, flow)) {
      other = this.#next[other] as number;
    }
    return other;
  }

  #bucket(columns: FlowColumns, flow: number): number {
    let hash = this.#seed;
    const { addresses } = columns;
    for (let word = flow * 8; word < flow * 8 + 8; word++) {
      hash = mix(hash, addresses[word] as number);
    }
    const ports =
      ((columns.localPort[flow] as number) << 16) | (columns.remotePort[flow] as number);
    hash = mix(mix(hash, ports), columns.process[flow] as number);
    return (hash ^ (hash >>> 15)) & (this.#buckets.length - 1);
  }
}

function isSameSocket(columns: FlowColumns, a: number, b: number): boolean {
  const { addresses } = columns;
  for (let word = 0; word < 8; word++) {
    if (addresses[a * 8 + word] !== addresses[b * 8 + word]) return false;
  }
  return (
    columns.localPort[a] === columns.localPort[b] &&
    columns.remotePort[a] === columns.remotePort[b] &&
    columns.process[a] === columns.process[b] &&
    columns.protocol[a] === columns.protocol[b]
  );
}

/** One step of MurmurHash3 (Austin Appleby, public domain). */
export function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}
