/** Sums by remote address: a hash table of numbers, for as many addresses as a scan of the internet brings. */

import { mix } from "./socket-index.ts";
import { addNumbers } from "./traffic.ts";

/** A table grows when three quarters of its slots are in use. */
const FULLEST = 0.75;
/** Peers choose their addresses: without knowing this number they cannot make them collide. */
const SEED = Math.floor(Math.random() * 2 ** 32);

export class AddressTotals {
  size = 0;
  /** Sums per slot. */
  readonly width: number;
  /** Four words per slot. */
  addresses: Uint32Array;
  used: Uint8Array;
  sums: Float64Array;
  lastActiveAtMs: Float64Array;
  connections: Uint32Array;

  /** Room for `expected` addresses before it has to grow. */
  constructor({ width, expected }: { width: number; expected: number }) {
    const slots = 2 ** Math.ceil(Math.log2((expected + 64) / FULLEST));
    this.width = width;
    this.addresses = new Uint32Array(slots * 4);
    this.used = new Uint8Array(slots);
    this.sums = new Float64Array(slots * width);
    this.lastActiveAtMs = new Float64Array(slots);
    this.connections = new Uint32Array(slots);
  }

  /** Slot of the address whose four words stand at `at`; made where there is none. Valid until the next call. */
  slot(words: Uint32Array, at: number): number {
    if (this.size >= this.used.length * FULLEST) this.#grow();
    const slot = this.#find(words, at);
    if (this.used[slot] === 0) {
      this.used[slot] = 1;
      this.size += 1;
      for (let i = 0; i < 4; i++) this.addresses[slot * 4 + i] = words[at + i] as number;
    }
    return slot;
  }

  /** Slots in use. */
  slots(): number[] {
    const slots: number[] = [];
    for (let slot = 0; slot < this.used.length; slot++) if (this.used[slot] === 1) slots.push(slot);
    return slots;
  }

  /** Adds a slot of another table, whose sums are no wider. */
  merge(other: AddressTotals, from: number): void {
    const slot = this.slot(other.addresses, from * 4);
    addNumbers(this.sums, slot * this.width, other.sums, from * other.width, other.width);
    this.connections[slot] = (this.connections[slot] as number) + (other.connections[from] ?? 0);
    this.active(slot, other.lastActiveAtMs[from] ?? 0);
  }

  active(slot: number, atMs: number): void {
    this.lastActiveAtMs[slot] = Math.max(this.lastActiveAtMs[slot] as number, atMs);
  }

  #find(words: Uint32Array, at: number): number {
    const mask = this.used.length - 1;
    let hash = SEED;
    for (let i = 0; i < 4; i++) hash = mix(hash, words[at + i] as number);
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (this.used[slot] === 1 && !this.#is(slot, words, at)) slot = (slot + 1) & mask;
    return slot;
  }

  #is(slot: number, words: Uint32Array, at: number): boolean {
    for (let i = 0; i < 4; i++) if (this.addresses[slot * 4 + i] !== words[at + i]) return false;
    return true;
  }

  #grow(): void {
    const grown = new AddressTotals({ width: this.width, expected: this.size * 2 });
    for (const slot of this.slots()) grown.merge(this, slot);
    const { addresses, used, sums, lastActiveAtMs, connections } = grown;
    Object.assign(this, { addresses, used, sums, lastActiveAtMs, connections });
  }
}
