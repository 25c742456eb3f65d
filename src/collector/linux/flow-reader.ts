/** Reads the rows that changed since the last tick straight from the kernel's memory, and gives ended rows back.
 *
 * A row is retired in steps, one per tick, so that nothing in flight is lost or counted for another flow: the socket
 * is closed -> its cookie is cleared, so that no program uses the row from then on -> last reading -> free. */

import { COUNTERS_PER_FLOW, type FlowTable } from "../../model/snapshot.ts";
import {
  FLOW,
  FLOW_BYTES,
  FLOW_KEY_BYTES,
  FLOW_SLOTS,
  FLOW_WORDS,
  readCounter,
  SHARED,
} from "./layout.ts";

/** Rows of sockets that have several (peers, former owners) go after this long without traffic; the next packet makes
 * a new one. */
const IDLE_ROW_MS = 120_000;
const PEER_WINDOW_MS = 60_000;
/** Above this share of used slots the rows idle longest go, whatever they are; their sums are long counted. */
const CROWDED = 0.9;
const SWEEP_MS = 10_000;

export interface FlowSource {
  /** Makes the memory of the first rows readable. */
  reach(slots: number): void;
  /** Process.id of an owner; 0 for none. Called when a row passes to another owner. */
  processId(tgid: number, exec: number, startNsLow: number, startNsHigh: number): number;
  /** A row of this process was given back. */
  releaseProcess(id: number): void;
  /** Interface id of an index in a namespace. */
  interfaceId(ifindex: number, namespace: number): number;
  /** Removes a row's entry from the kernel's index. */
  removeIndexEntry(key: Buffer): void;
}

/** A row as user space knows it. */
export interface FlowIdentity {
  readonly index: number;
  readonly serial: number;
  readonly process: number;
}

export interface FlowReader {
  read(atBootMs: number, bootWallMs: number, hostNamespace: number): FlowTable;
  /** The row with this cookie (as two halves) in a slot; "later" where its first reading is still held back, undefined
   * where the slot has passed on. */
  identify(slot: number, cookie: readonly [number, number]): FlowIdentity | "later" | undefined;
  readonly used: number;
}

/** Stages of a row that ends; 0 is a live row. */
const CLOSE_SEEN = 1;
const CLEARED = 2;

export function createFlowReader(
  flows: ArrayBuffer,
  shared: ArrayBuffer,
  slots: number,
  source: FlowSource,
): FlowReader {
  const words = new Uint32Array(flows);
  const bytes = new Uint8Array(flows);
  const header = new Uint32Array(shared, 0, 64);
  const dirty = new Uint8Array(shared, SHARED.dirtyBytes, FLOW_SLOTS);
  const dirtyWords = new Uint32Array(shared, SHARED.dirtyBytes, FLOW_SLOTS / 4);
  const ring = new Uint32Array(shared, SHARED.freeRingBytes, FLOW_SLOTS);

  const serials = new Uint32Array(slots);
  const owners = new Uint32Array(slots);
  const held = new Uint8Array(slots);
  const stages = new Uint8Array(slots);
  const activeSeconds = new Uint32Array(slots);
  const grouped = new Uint8Array(slots);
  const siblings = new Map<number, Set<number>>(); // cookie -> rows, for sockets with several
  let ending: number[] = [];
  let nextSweepMs = 0;
  let nextWindowMs = 0;
  /** Rows that may be touched: those given out when the changed ones were last looked for. */
  let reached = 0;

  function read(atBootMs: number, bootWallMs: number, hostNamespace: number): FlowTable {
    const changed = takeChanged();
    const last = advanceEnding(changed);
    const table = createTable(changed.length);
    let length = 0;
    for (const slot of changed) {
      if (holdBack(slot)) continue;
      readRow(slot, table, length, bootWallMs, hostNamespace);
      activeSeconds[slot] = atBootMs / 1000;
      if (last.has(slot)) {
        table.closed[length] = 1;
        giveBack(slot);
      }
      length++;
    }
    if (atBootMs >= nextSweepMs) sweep(atBootMs);
    return { ...table, length };
  }

  /** Slots whose dirty byte was set, cleared before their sums are read: what is added later sets it again. */
  function takeChanged(): number[] {
    const changed: number[] = [];
    const end = Math.min(header[SHARED.fresh] ?? 0, slots);
    source.reach(end);
    reached = end;
    for (let word = 0; word < Math.ceil(end / 4); word++) {
      if (dirtyWords[word] === 0) continue;
      for (let slot = word * 4; slot < word * 4 + 4; slot++) {
        if (dirty[slot] !== 0 && Atomics.exchange(dirty, slot, 0) !== 0) changed.push(slot);
      }
    }
    return changed;
  }

  /** Moves closed rows one stage on; rows in their last stage are added to `changed` and returned. */
  function advanceEnding(changed: number[]): Set<number> {
    const last = new Set<number>();
    const present = ending.length > 0 ? new Set(changed) : undefined;
    const still: number[] = [];
    for (const slot of ending) {
      if (stages[slot] === CLOSE_SEEN) {
        clearCookie(slot);
        stages[slot] = CLEARED;
        still.push(slot);
      } else {
        last.add(slot);
        if (!present?.has(slot)) changed.push(slot);
      }
    }
    ending = still;
    return last;
  }

  /** An accepted connection without a caller yet is the listener's only by inheritance: wait one tick for its first
   * caller, so that its first bytes are not booked on the wrong process. */
  function holdBack(slot: number): boolean {
    const flags = words[slot * FLOW_WORDS + FLOW.closedIndexedUnclaimed] ?? 0;
    const unclaimed = (flags >>> 16) & 0xff;
    const closed = flags & 0xff;
    if (!unclaimed || closed || held[slot] || stages[slot]) {
      held[slot] = 0;
      return false;
    }
    held[slot] = 1;
    Atomics.store(dirty, slot, 1);
    return true;
  }

  function readRow(
    slot: number,
    table: FlowTable,
    row: number,
    bootWallMs: number,
    hostNamespace: number,
  ): void {
    const base = slot * FLOW_WORDS;
    const word = (offset: number) => words[base + offset] ?? 0;
    const serial = word(FLOW.serial);
    if (serial !== serials[slot]) adopt(slot, serial);
    for (let k = 0; k < COUNTERS_PER_FLOW; k++) {
      table.counters[row * COUNTERS_PER_FLOW + k] = readCounter(words, base + k * 2);
    }
    const namespace = word(FLOW.netns);
    const elsewhere = namespace !== 0 && namespace !== hostNamespace;
    const psk = word(FLOW.protocolStateKind);
    const flags = word(FLOW.closedIndexedUnclaimed);
    table.index[row] = slot;
    table.serial[row] = serial;
    table.process[row] = owners[slot] ?? 0;
    table.namespace[row] = elsewhere ? namespace : 0;
    table.interface[row] = source.interfaceId(word(FLOW.ifindex), elsewhere ? namespace : 0);
    table.kind[row] = psk >>> 24;
    table.protocol[row] = psk & 0xffff;
    table.state[row] = (psk >>> 16) & 0xff;
    const start = slot * FLOW_BYTES + FLOW.localBytes;
    table.addresses.set(bytes.subarray(start, start + 32), row * 32);
    const ports = word(FLOW.ports);
    table.localPort[row] = ports & 0xffff;
    table.remotePort[row] = ports >>> 16;
    table.rttUs[row] = word(FLOW.rttUs);
    table.retransmits[row] = word(FLOW.retransmits);
    table.openedAtMs[row] = bootWallMs + readCounter(words, base + FLOW.openedNs) / 1e6;
    if (((flags >>> 8) & 0xff) !== 0 && grouped[slot] === 0 && stages[slot] === 0) group(slot);
    if ((flags & 0xff) !== 0 && stages[slot] === 0) {
      end(slot);
      const others = siblings.get(cookieOf(slot));
      if (others) for (const other of others) if (stages[other] === 0) end(other);
    }
  }

  /** Remembers that a socket has several rows: they end together. */
  function group(slot: number): void {
    grouped[slot] = 1;
    const cookie = cookieOf(slot);
    const rows = siblings.get(cookie);
    if (rows) rows.add(slot);
    else siblings.set(cookie, new Set([slot]));
  }

  function end(slot: number): void {
    stages[slot] = CLOSE_SEEN;
    ending.push(slot);
  }

  function adopt(slot: number, serial: number): void {
    const base = slot * FLOW_WORDS;
    const previous = owners[slot] ?? 0;
    serials[slot] = serial;
    owners[slot] = source.processId(
      words[base + FLOW.ownerTgid] ?? 0,
      words[base + FLOW.ownerExec] ?? 0,
      words[base + FLOW.ownerStartNs] ?? 0,
      words[base + FLOW.ownerStartNs + 1] ?? 0,
    );
    if (previous !== 0) source.releaseProcess(previous);
  }

  function cookieOf(slot: number): number {
    return readCounter(words, slot * FLOW_WORDS + FLOW.cookie);
  }

  function clearCookie(slot: number): void {
    const base = slot * FLOW_WORDS;
    const indexed = (((words[base + FLOW.closedIndexedUnclaimed] ?? 0) >>> 8) & 0xff) !== 0;
    if (indexed) {
      source.removeIndexEntry(indexKey(slot));
    }
    if (grouped[slot]) {
      const cookie = cookieOf(slot);
      const rows = siblings.get(cookie);
      rows?.delete(slot);
      if (rows?.size === 0) siblings.delete(cookie);
      grouped[slot] = 0;
    }
    Atomics.store(words, base + FLOW.cookie, 0);
    Atomics.store(words, base + FLOW.cookie + 1, 0);
  }

  /** struct flow_key of a row. */
  function indexKey(slot: number): Buffer {
    const base = slot * FLOW_WORDS;
    const key = Buffer.alloc(FLOW_KEY_BYTES);
    key.writeUInt32LE(words[base + FLOW.cookie] ?? 0, 0);
    key.writeUInt32LE(words[base + FLOW.cookie + 1] ?? 0, 4);
    key.writeUInt32LE(words[base + FLOW.ownerTgid] ?? 0, 8);
    key.writeUInt32LE(words[base + FLOW.ownerExec] ?? 0, 12);
    key.writeUInt32LE(words[base + FLOW.ifindex] ?? 0, 16);
    key.writeUInt16LE((words[base + FLOW.ports] ?? 0) >>> 16, 20);
    key.writeUInt16LE((words[base + FLOW.protocolStateKind] ?? 0) >>> 24, 22);
    key.set(
      bytes.subarray(
        slot * FLOW_BYTES + FLOW.remoteBytes,
        slot * FLOW_BYTES + FLOW.remoteBytes + 16,
      ),
      24,
    );
    return key;
  }

  function giveBack(slot: number): void {
    stages[slot] = 0;
    held[slot] = 0;
    const owner = owners[slot] ?? 0;
    owners[slot] = 0;
    if (owner !== 0) source.releaseProcess(owner);
    const head = header[SHARED.freeHead] ?? 0;
    ring[head % FLOW_SLOTS] = slot;
    Atomics.store(header, SHARED.freeHead, (head + 1) >>> 0);
  }

  /** Every few seconds: retires rows of peers and former owners without traffic, and opens a new peer window. */
  function sweep(atBootMs: number): void {
    nextSweepMs = atBootMs + SWEEP_MS;
    if (atBootMs >= nextWindowMs) {
      nextWindowMs = atBootMs + PEER_WINDOW_MS;
      Atomics.add(header, SHARED.peerWindow, 1);
    }
    const crowded = used() > slots * CROWDED;
    const idleBefore = (atBootMs - IDLE_ROW_MS) / 1000;
    for (let slot = 1; slot < reached; slot++) {
      if (stages[slot] !== 0 || (activeSeconds[slot] ?? 0) > idleBefore) continue;
      if ((grouped[slot] || crowded) && cookieOf(slot) !== 0) end(slot);
    }
  }

  function used(): number {
    const taken = Math.min(header[SHARED.fresh] ?? 0, slots);
    const free = ((header[SHARED.freeHead] ?? 0) - (header[SHARED.freeTail] ?? 0)) >>> 0;
    return Math.max(0, taken - free);
  }

  function identify(
    slot: number,
    [low, high]: readonly [number, number],
  ): FlowIdentity | "later" | undefined {
    const base = slot * FLOW_WORDS;
    if (slot >= reached) return "later"; // made since the rows were last read
    if (words[base + FLOW.cookie] !== low || words[base + FLOW.cookie + 1] !== high)
      return undefined;
    const serial = words[base + FLOW.serial] ?? 0;
    if (held[slot] || serials[slot] !== serial) return "later";
    return { index: slot, serial, process: owners[slot] ?? 0 };
  }

  return {
    read,
    identify,
    get used() {
      return used();
    },
  };
}

function createTable(rows: number): FlowTable & { length: number } {
  return {
    length: 0,
    index: new Uint32Array(rows),
    serial: new Uint32Array(rows),
    counters: new Float64Array(rows * COUNTERS_PER_FLOW),
    process: new Uint32Array(rows),
    interface: new Uint32Array(rows),
    kind: new Uint8Array(rows),
    protocol: new Uint16Array(rows),
    state: new Uint8Array(rows),
    addresses: new Uint8Array(rows * 32),
    localPort: new Uint16Array(rows),
    remotePort: new Uint16Array(rows),
    rttUs: new Uint32Array(rows),
    retransmits: new Uint32Array(rows),
    openedAtMs: new Float64Array(rows),
    namespace: new Uint32Array(rows),
    closed: new Uint8Array(rows),
  };
}
