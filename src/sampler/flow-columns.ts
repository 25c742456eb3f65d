/** What is remembered of each flow, as columns: a row costs bytes, no objects. */

import { DIFFERENCE_WIDTH, TRAFFIC_WIDTH } from "./traffic.ts";

/** Type and values per flow: 269 bytes altogether, 35 MB at the limit of 131,072 flows. */
const COLUMNS = {
  status: [Uint8Array, 1],
  /** The flow's own index; tells rows apart once they are copied elsewhere. */
  index: [Uint32Array, 1],
  serial: [Uint32Array, 1],
  process: [Uint32Array, 1],
  interface: [Uint32Array, 1],
  kind: [Uint8Array, 1],
  protocol: [Uint16Array, 1],
  state: [Uint8Array, 1],
  /** Local, then remote address, four words each, in network order. */
  addresses: [Uint32Array, 8],
  localPort: [Uint16Array, 1],
  remotePort: [Uint16Array, 1],
  rttUs: [Uint32Array, 1],
  retransmits: [Uint32Array, 1],
  openedAtMs: [Float64Array, 1],
  lastActiveAtMs: [Float64Array, 1],
  /** Sums at the last reading of this index, whoever had it. */
  last: [Float64Array, DIFFERENCE_WIDTH],
  /** What this flow was given since it has the index. */
  total: [Float64Array, TRAFFIC_WIDTH],
  /** Where its share of the interval `deltaInterval` is in the list of changes. */
  deltaAt: [Uint32Array, 1],
  deltaInterval: [Float64Array, 1],
  /** Number of the interval of its first reading. */
  adoptedIn: [Float64Array, 1],
  /** 1: at its first reading it was a TCP socket that listens. */
  listens: [Uint8Array, 1],
} as const;

type Specification = typeof COLUMNS;
export type FlowColumns = {
  readonly [Name in keyof Specification]: InstanceType<Specification[Name][0]>;
};

const NAMES = Object.keys(COLUMNS) as (keyof Specification)[];

export function createColumns(capacity: number): FlowColumns {
  const columns = NAMES.map((name) => {
    const [Column, width] = COLUMNS[name];
    return [name, new Column(capacity * width)];
  });
  return Object.fromEntries(columns);
}

/** The same rows with room for more. */
export function growColumns(columns: FlowColumns, capacity: number): FlowColumns {
  const grown = createColumns(capacity);
  for (const name of NAMES) grown[name].set(columns[name]);
  return grown;
}

/** Copies row `from` of one set of columns over row `to` of another. */
export function copyRow(
  source: FlowColumns,
  from: number,
  { target, to }: { target: FlowColumns; to: number },
): void {
  for (const name of NAMES) {
    const width = COLUMNS[name][1];
    const column = target[name];
    for (let i = 0; i < width; i++)
      column[to * width + i] = source[name][from * width + i] as number;
  }
}

/** False: no single peer, as with a listening or unconnected socket. */
export function hasPeer({ addresses }: FlowColumns, flow: number): boolean {
  return isAddress(addresses, flow * 8 + 4);
}

/** False for all zero, in either family's writing; `at` is the first of four words. */
export function isAddress(words: Uint32Array, at: number): boolean {
  return (
    words[at + 3] !== 0 ||
    (words[at + 2] !== 0 && words[at + 2] !== MAPPED_IPV4) ||
    words[at + 1] !== 0 ||
    words[at] !== 0
  );
}

/** The third word of ::ffff:a.b.c.d, as this machine reads it. */
const MAPPED_IPV4 = new Uint32Array(new Uint8Array([0, 0, 255, 255]).buffer)[0];

/** The 32 bytes of a flow's local and remote address. */
export function addressesOf({ addresses }: FlowColumns, flow: number): Uint8Array {
  return new Uint8Array(addresses.buffer, addresses.byteOffset + flow * 32, 32);
}
