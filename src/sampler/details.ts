/** Who talked to whom in the last interval: what the history keeps. Made of the busiest flows that changed in it. */

import { addressText } from "../model/address.ts";
import { protocolName, TCP } from "../model/protocol.ts";
import type { Accounts } from "./accounts.ts";
import { busiest } from "./busiest.ts";
import { addressesOf, hasPeer } from "./flow-columns.ts";
import { isLoopback } from "./loopback.ts";
import { REMAINDER_OF_KIND, remainderLabel } from "./remainders.ts";
import { BYTES } from "./traffic.ts";

/** Flows looked at in an interval; what an application moved beyond them has no remote in the history. */
export const DETAIL_FLOWS = 1_000;
/** Where two ports are equally likely to be the service's, the one that systems hand out to clients is not
 * (Linux: 32768 to 60999, /proc/sys/net/ipv4/ip_local_port_range). */
const FIRST_CLIENT_PORT = 32_768;

/** One flow's bytes in the interval. */
export interface FlowDetail {
  /** Application.key, or that of a row without a process. */
  readonly application: string;
  /** "" for none of this machine's. */
  readonly interface: string;
  readonly isTunnel: boolean;
  readonly isLoopback: boolean;
  /** Outer packets of a tunnel: counted inside it as well. */
  readonly isOuter: boolean;
  /** "" for no single peer. */
  readonly remoteAddress: string;
  readonly host: string;
  /** The service's. */
  readonly port: number;
  readonly ipProtocol: number;
  /** What is spoken, else the protocol's name. */
  readonly spoken: string;
  readonly direction: "in" | "out";
  readonly user: string;
  readonly container: string;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly connectionsOpened: number;
}

/** The busiest first; traffic without a process is in no detail. */
export function flowDetails(accounts: Accounts): FlowDetail[] {
  const { memory } = accounts;
  const flows = memory.changedFlows();
  const scores = Float64Array.from(flows, (flow) => {
    const at = memory.deltaAt(memory.columns, flow) + BYTES;
    return (memory.deltas[at] ?? 0) + (memory.deltas[at + 1] ?? 0);
  });
  return busiest(scores, DETAIL_FLOWS).flatMap((i) => detailOf(accounts, flows[i] ?? 0) ?? []);
}

/** undefined: payload alone was counted, which is in its packets' row, or the flow has no process. */
function detailOf(accounts: Accounts, flow: number): FlowDetail | undefined {
  const { memory, ledger, interfaces, interval } = accounts;
  const { columns, deltas } = memory;
  const deltaAt = memory.deltaAt(columns, flow);
  const [rxBytes = 0, txBytes = 0] = deltas.subarray(deltaAt + BYTES, deltaAt + BYTES + 2);
  if (rxBytes === 0 && txBytes === 0) return undefined;
  if (REMAINDER_OF_KIND[columns.kind[flow] ?? 0] !== undefined) return undefined;
  const processId = columns.process[flow] ?? 0;
  const process = ledger.processes.get(processId)?.process;
  const on = interfaces.get(columns.interface[flow] ?? 0);
  const facts = memory.facts[flow];
  const protocol = columns.protocol[flow] ?? 0;
  const peer = hasPeer(columns, flow);
  return {
    application: process?.application.key ?? remainderLabel("unknown").key,
    interface: on?.reading.name ?? "",
    isTunnel: on?.reading.kind === "tunnel",
    isLoopback:
      on === undefined
        ? isLoopback(memory.addressBytes, flow * 32)
        : on.reading.kind === "loopback",
    isOuter: ledger.carriers.has(processId) && on?.reading.kind !== "tunnel",
    remoteAddress: peer ? addressText(addressesOf(columns, flow), 16) : "",
    host: facts?.host?.name ?? "",
    ...serviceOf(accounts, flow),
    ipProtocol: protocol,
    spoken: facts?.spoken?.name ?? protocolName(protocol),
    user: process?.user ?? "",
    container: process?.container?.name ?? process?.container?.id ?? "",
    rxBytes,
    txBytes,
    connectionsOpened: peer && memory.isNewIn(flow, interval) ? 1 : 0,
  };
}

/** Who opened it, and the port of the side that was asked. A port that something listens on is a service's; else the
 * smaller one, as clients get theirs from the upper range. */
function serviceOf({ memory }: Accounts, flow: number): { port: number; direction: "in" | "out" } {
  const { columns } = memory;
  const local = columns.localPort[flow] ?? 0;
  const remote = columns.remotePort[flow] ?? 0;
  if (columns.listens[flow] === 1) return { port: local, direction: "in" };
  const listens = columns.protocol[flow] === TCP && memory.listensOn(local);
  if (listens || remote === 0) return { port: local, direction: "in" };
  const isServer = local < remote && local < FIRST_CLIENT_PORT && remote >= FIRST_CLIENT_PORT;
  return isServer ? { port: local, direction: "in" } : { port: remote, direction: "out" };
}
