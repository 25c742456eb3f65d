/** Writes flows into the columns of a FlowTable. */

import { COUNTERS_PER_FLOW, FLOW_KINDS, type FlowTable } from "../../model/snapshot.ts";
import type { Flow } from "./socket-table.ts";

export interface RowContext {
  /** InterfaceReading.id that a flow uses, 0: none. */
  readonly interfaceId: (flow: Flow) => number;
  /** Inode number of the network namespace. */
  readonly namespace: number;
}

export function buildFlowTable(
  flows: readonly Flow[],
  counters: Float64Array,
  context: RowContext,
): FlowTable {
  const table = emptyTable(flows.length, context.namespace);
  for (const [row, flow] of flows.entries()) {
    const at = flow.index * COUNTERS_PER_FLOW;
    table.index[row] = flow.index;
    table.serial[row] = flow.serial;
    table.counters.set(counters.subarray(at, at + COUNTERS_PER_FLOW), row * COUNTERS_PER_FLOW);
    table.process[row] = flow.process;
    table.interface[row] = context.interfaceId(flow);
    table.protocol[row] = flow.protocol;
    table.state[row] = flow.state;
    table.addresses.set(flow.addresses, row * 32);
    table.localPort[row] = flow.localPort;
    table.remotePort[row] = flow.remotePort;
    table.rttUs[row] = flow.rttUs;
    table.retransmits[row] = flow.retransmits;
    table.openedAtMs[row] = flow.openedAtMs;
    table.closed[row] = flow.closed ? 1 : 0;
  }
  return table;
}

function emptyTable(length: number, namespace: number): FlowTable {
  return {
    length,
    index: new Uint32Array(length),
    serial: new Uint32Array(length),
    counters: new Float64Array(length * COUNTERS_PER_FLOW),
    process: new Uint32Array(length),
    interface: new Uint32Array(length),
    kind: new Uint8Array(length).fill(FLOW_KINDS.indexOf("socket")),
    protocol: new Uint16Array(length),
    state: new Uint8Array(length),
    addresses: new Uint8Array(length * 32),
    localPort: new Uint16Array(length),
    remotePort: new Uint16Array(length),
    rttUs: new Uint32Array(length),
    retransmits: new Uint32Array(length),
    openedAtMs: new Float64Array(length),
    namespace: new Uint32Array(length).fill(namespace),
    closed: new Uint8Array(length),
  };
}
