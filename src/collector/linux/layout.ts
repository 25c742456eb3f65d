/** Where the fields of bpf/traffic.h lie, in 32-bit words unless a name says bytes; checked against the loaded maps. */

export const FLOW_SLOTS = 131_072;
export const FLOW_BYTES = 256;
export const FLOW_WORDS = FLOW_BYTES / 4;

/** struct flow: sixteen 64-bit counters come first. */
export const FLOW = {
  cookie: 32,
  ownerStartNs: 34,
  ownerTgid: 36,
  ownerExec: 37,
  localBytes: 38 * 4,
  remoteBytes: 42 * 4,
  ports: 46, // local in the low, remote in the high 16 bits
  ifindex: 47,
  netns: 48,
  serial: 49,
  openedNs: 50,
  rttUs: 52,
  retransmits: 53,
  protocolStateKind: 54, // 16 bits, 8 bits, 8 bits
  closedIndexedUnclaimed: 55, // 8 bits each
} as const;

/** struct shared. */
export const SHARED = {
  overflowRx: 0,
  overflowTx: 16,
  processOverflow: 32,
  socketOverflow: 34,
  fresh: 36,
  freeHead: 37,
  freeTail: 38,
  peerWindow: 39,
  trustCurrent: 40,
  observedHead: 41, // one for each lane, as the next
  observedLost: 43,
  observedWindow: 45,
  dirtyBytes: 256,
  freeRingBytes: 256 + FLOW_SLOTS,
  bytes: 256 + FLOW_SLOTS * 5,
} as const;

/** Lanes of `observed`, in the order of enum observed_lane: names, others. */
export const OBSERVED_LANES = 2;
export const LANE_SLOTS = 1_024;
export const OBSERVED_SLOTS = OBSERVED_LANES * LANE_SLOTS;
/** Slots of the names' lane that one process gets between two readings. */
export const NAMES_PER_OWNER = 256;

/** struct observed, in bytes. */
export const OBSERVED = {
  stage: 0,
  slot: 4,
  cookie: 8,
  atNs: 16,
  local: 24,
  remote: 40,
  localPort: 56,
  remotePort: 58,
  protocol: 60,
  kind: 61,
  copiedBytes: 62,
  payloadBytes: 64,
  payload: 72,
  payloadLimit: 2_048,
  bytes: 72 + 2_048,
} as const;

export const FLOW_KEY_BYTES = 40;
export const PROCESS_KEY_BYTES = 16;

/** struct process, in bytes. */
export const PROCESS = {
  exeInode: 0,
  cgroupId: 8,
  parentStartNs: 16,
  parentTgid: 24,
  uid: 28,
  netns: 32,
  argumentBytes: 36,
  kernelThread: 40,
  ready: 44,
  name: 48,
  nameBytes: 16,
  execPath: 64,
  execPathBytes: 256,
  arguments: 320,
  argumentLimit: 1024,
  bytes: 1344,
} as const;

const TWO_32 = 4_294_967_296;

/** A 64-bit counter that another processor may be changing: the high half is read again, and the whole repeated
 * when it moved. Exact up to 2^53. */
export function readCounter(words: Uint32Array, at: number): number {
  for (;;) {
    const high = Atomics.load(words, at + 1);
    const low = Atomics.load(words, at);
    if (Atomics.load(words, at + 1) === high) return high * TWO_32 + low;
  }
}
