/**
 * Sorted ranges with a number each, small enough to ship and read from disk a block at a time: a block holds 128 starts
 * as differences and their numbers, both as LEB128; an index of the blocks' first starts stays in memory.
 */

export const BLOCK_ENTRIES = 128;
const INDEX_ENTRY_BYTES = 12; // first start (float64), offset of the block (uint32), little endian
const MAX_KEY = 2 ** 48;

/** Where it ends is excluded. Keys are below 2^48. */
export interface Range {
  readonly start: number;
  readonly end: number;
  /** Above 0. */
  readonly value: number;
}

export interface RangeIndex {
  readonly starts: Float64Array;
  readonly offsets: Uint32Array;
}

export interface EncodedTable {
  readonly index: Buffer;
  readonly blocks: Buffer;
}

/** Of ranges in order of their starts; of overlapping ones the earlier wins. */
export function encodeTable(ranges: Iterable<Range>): EncodedTable {
  const bytes: number[] = [];
  const index: { start: number; offset: number }[] = [];
  let previous = 0;
  let count = 0;
  for (const { start, value } of boundaries(ranges)) {
    if (count++ % BLOCK_ENTRIES === 0) {
      index.push({ start, offset: bytes.length });
      previous = start;
    }
    pushNumber(bytes, start - previous);
    pushNumber(bytes, value);
    previous = start;
  }
  return { index: encodeIndex(index), blocks: Buffer.from(bytes) };
}

/** @throws RangeError where it is cut, not in order, or points behind `blockBytes`. */
export function decodeIndex(bytes: Buffer, blockBytes: number): RangeIndex {
  if (bytes.length % INDEX_ENTRY_BYTES !== 0) throw new RangeError("its index is cut");
  const length = bytes.length / INDEX_ENTRY_BYTES;
  const starts = new Float64Array(length);
  const offsets = new Uint32Array(length + 1);
  for (let i = 0; i < length; i++) {
    const start = bytes.readDoubleLE(i * INDEX_ENTRY_BYTES);
    const offset = bytes.readUInt32LE(i * INDEX_ENTRY_BYTES + 8);
    const isOrdered = i === 0 || (start > at(starts, i - 1) && offset > at(offsets, i - 1));
    if (!isOrdered || !(start >= 0 && start < MAX_KEY) || offset >= blockBytes)
      throw new RangeError("its index is not in order");
    starts[i] = start;
    offsets[i] = offset;
  }
  offsets[length] = blockBytes;
  return { starts, offsets };
}

/** The block that may hold a key; -1: it is before all. */
export function blockOf({ starts }: RangeIndex, key: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(starts, middle) <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The number of the range that holds `key`, in a block whose first start is given; 0: none. */
export function valueIn(block: Uint8Array, first: number, key: number): number {
  const cursor = { at: 0 };
  let start = first;
  let value = 0;
  while (cursor.at < block.length) {
    start += readNumber(block, cursor);
    const next = readNumber(block, cursor);
    if (start > key) break;
    value = next;
  }
  return value;
}

// One entry for each change; what belongs to nobody is 0.
function* boundaries(ranges: Iterable<Range>): Generator<{ start: number; value: number }> {
  let end = 0;
  let last = 0;
  for (const range of ranges) {
    const start = Math.max(range.start, end);
    if (range.end <= start) continue;
    if (start > end && last !== 0) yield { start: end, value: 0 };
    if (start > end) last = 0;
    if (range.value !== last) yield { start, value: range.value };
    last = range.value;
    end = range.end;
  }
  if (last !== 0 && end < MAX_KEY) yield { start: end, value: 0 };
}

function encodeIndex(entries: readonly { start: number; offset: number }[]): Buffer {
  const index = Buffer.alloc(entries.length * INDEX_ENTRY_BYTES);
  for (const [i, { start, offset }] of entries.entries()) {
    index.writeDoubleLE(start, i * INDEX_ENTRY_BYTES);
    index.writeUInt32LE(offset, i * INDEX_ENTRY_BYTES + 8);
  }
  return index;
}

function pushNumber(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

// Seven bytes hold 2^48; a broken file may have more, which then only reads wrong.
function readNumber(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  for (let factor = 1; cursor.at < bytes.length && factor <= 2 ** 49; factor *= 0x80) {
    const byte = at(bytes, cursor.at++);
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
  }
  return value;
}

function at(array: Float64Array | Uint32Array | Uint8Array, i: number): number {
  return array[i] ?? 0;
}
