/** Reads the first packets of flows that the kernel programs copied, in the order they came. */

import type { Observation, ObservationKind } from "../../model/observation.ts";
import type { FlowIdentity } from "./flow-reader.ts";
import { LANE_SLOTS, OBSERVED, OBSERVED_LANES, OBSERVED_SLOTS, SHARED } from "./layout.ts";

/** enum observed_kind. */
const KINDS: readonly ObservationKind[] = ["first-sent", "first-received", "dns"];
const FREE = 0;
const READY = 2;
/** Packets whose flow is not read yet wait for it here; the oldest go first. */
const WAITING_LIMIT = 1_024;
/** A flow is read one tick after it was made at the latest. */
const WAITS = 3;

export interface ObservationSource {
  /** Makes the memory of the first packets readable. */
  reach(slots: number): void;
  identify(slot: number, cookie: readonly [number, number]): FlowIdentity | "later" | undefined;
}

export interface ObservationReader {
  /** What came since the last call; after the flows were read. */
  read(bootWallMs: number): Observation[];
  /** Packets that are waiting, and those that found no room since the start. */
  readonly used: number;
  readonly lost: number;
  /** Of the lost ones those that would have named the other end. */
  readonly lostNames: number;
}

interface Waiting {
  readonly slot: number;
  readonly cookie: readonly [number, number];
  readonly found: Omit<Observation, "index" | "serial" | "process">;
  waits: number;
}

export function createObservationReader(
  observed: ArrayBuffer,
  shared: ArrayBuffer,
  source: ObservationSource,
): ObservationReader {
  const words = new Uint32Array(observed);
  const bytes = new Uint8Array(observed);
  const view = new DataView(observed);
  const header = new Uint32Array(shared, 0, 64);
  const tails = new Array<number>(OBSERVED_LANES).fill(0);
  let waiting: Waiting[] = [];

  function read(bootWallMs: number): Observation[] {
    const before = waiting.length;
    for (let lane = 0; lane < OBSERVED_LANES; lane++) readLane(lane, bootWallMs);
    Atomics.add(header, SHARED.observedWindow, 1);
    // An answer names what follows it, whatever lane that came in.
    const fresh = waiting.splice(before).sort((a, b) => a.found.atMs - b.found.atMs);
    waiting.push(...fresh);
    return matched();
  }

  function readLane(lane: number, bootWallMs: number): void {
    const head = Atomics.load(header, SHARED.observedHead + lane);
    let tail = tails[lane] ?? 0;
    if (head === tail) return;
    const first = lane * LANE_SLOTS;
    source.reach(first + Math.min(LANE_SLOTS, head));
    // Who comes to an unread packet moves the head on all the same.
    if ((head - tail) >>> 0 > LANE_SLOTS) tail = (head - LANE_SLOTS) >>> 0;
    for (; tail !== head; tail = (tail + 1) >>> 0) {
      const at = (first + (tail % LANE_SLOTS)) * OBSERVED.bytes;
      const stage = Atomics.load(words, (at + OBSERVED.stage) / 4);
      if (stage === FREE) continue;
      if (stage !== READY) break; // being written this very moment
      waiting.push(take(at, bootWallMs));
      Atomics.store(words, (at + OBSERVED.stage) / 4, FREE);
    }
    tails[lane] = tail;
  }

  function take(at: number, bootWallMs: number): Waiting {
    const address = (field: number) => bytes.slice(at + field, at + field + 16);
    const copied = view.getUint16(at + OBSERVED.copiedBytes, true);
    const start = at + OBSERVED.payload;
    return {
      slot: view.getUint32(at + OBSERVED.slot, true),
      cookie: [
        view.getUint32(at + OBSERVED.cookie, true),
        view.getUint32(at + OBSERVED.cookie + 4, true),
      ],
      found: {
        kind: KINDS[bytes[at + OBSERVED.kind] ?? 0] ?? "first-sent",
        protocol: bytes[at + OBSERVED.protocol] ?? 0,
        localAddress: address(OBSERVED.local),
        remoteAddress: address(OBSERVED.remote),
        localPort: view.getUint16(at + OBSERVED.localPort, true),
        remotePort: view.getUint16(at + OBSERVED.remotePort, true),
        atMs: bootWallMs + Number(view.getBigUint64(at + OBSERVED.atNs, true)) / 1e6,
        bytes: bytes.slice(start, start + Math.min(copied, OBSERVED.payloadLimit)),
        payloadBytes: view.getUint32(at + OBSERVED.payloadBytes, true),
      },
      waits: 0,
    };
  }

  function matched(): Observation[] {
    const found: Observation[] = [];
    const later: Waiting[] = [];
    for (const one of waiting) {
      const flow = source.identify(one.slot, one.cookie);
      if (flow === "later") {
        if (++one.waits < WAITS) later.push(one);
      } else if (flow !== undefined) {
        found.push({ ...one.found, ...flow });
      }
    }
    waiting = later.slice(-WAITING_LIMIT);
    return found;
  }

  return {
    read,
    get used() {
      const behind = tails.map((tail, lane) => {
        return (Atomics.load(header, SHARED.observedHead + lane) - tail) >>> 0;
      });
      const used = behind.reduce((sum, one) => sum + Math.min(LANE_SLOTS, one), 0);
      return Math.min(OBSERVED_SLOTS, used);
    },
    get lost() {
      return lost(0) + lost(1);
    },
    get lostNames() {
      return lost(0);
    },
  };

  function lost(lane: number): number {
    return Atomics.load(header, SHARED.observedLost + lane);
  }
}
