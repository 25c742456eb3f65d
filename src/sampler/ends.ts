/** Who programs talk to: the other ends of live connections, summed up by program and address. */

import { addressText } from "../model/address.ts";
import type { RemoteEnd } from "../model/monitauri.ts";
import type { FlowFacts } from "../model/naming.ts";
import type { Accounts } from "./accounts.ts";
import { addressesOf, hasPeer } from "./flow-columns.ts";
import { LIVE } from "./flow-memory.ts";
import { BYTES, TRAFFIC_WIDTH } from "./traffic.ts";

/** The ends of an application's or a process's connections, those with most bytes first; without networks. */
export type Ends = ReadonlyMap<string | number, readonly RemoteEnd[]>;

interface Draft {
  readonly address: string;
  facts: FlowFacts | undefined;
  /** Of the connection that `facts` are of. */
  most: number;
  rxBytes: number;
  txBytes: number;
}

const SOCKET = 0;

/** By Application.key or by Process.id. */
export function endsOf(accounts: Accounts, by: "application" | "process"): Ends {
  const { memory, ledger } = accounts;
  const { columns, facts } = memory;
  const found = new Map<string | number, Map<string, Draft>>();
  for (let flow = 0; flow < memory.end; flow++) {
    if (columns.status[flow] !== LIVE || columns.kind[flow] !== SOCKET) continue;
    if (!hasPeer(columns, flow)) continue;
    const id = columns.process[flow] ?? 0;
    const key = by === "process" ? id : ledger.processes.get(id)?.process.application.key;
    if (key === undefined) continue;
    const drafts = found.get(key) ?? new Map<string, Draft>();
    found.set(key, drafts);
    const words = columns.addresses.subarray(flow * 8 + 4, flow * 8 + 8).join();
    const draft = drafts.get(words) ?? fresh(addressText(addressesOf(columns, flow), 16));
    drafts.set(words, draft);
    const at = flow * TRAFFIC_WIDTH + BYTES;
    const [rxBytes, txBytes] = [columns.total[at] ?? 0, columns.total[at + 1] ?? 0];
    draft.rxBytes += rxBytes;
    draft.txBytes += txBytes;
    const known = facts[flow];
    if (known !== undefined && rxBytes + txBytes > draft.most) {
      draft.most = rxBytes + txBytes;
      draft.facts = known;
    }
  }
  return new Map(
    [...found].map(([key, drafts]) => [key, [...drafts.values()].sort(more).map(end)]),
  );
}

function fresh(address: string): Draft {
  return { address, facts: undefined, most: -1, rxBytes: 0, txBytes: 0 };
}

function more(a: Draft, b: Draft): number {
  return b.rxBytes + b.txBytes - (a.rxBytes + a.txBytes) || (a.address < b.address ? -1 : 1);
}

function end({ address, facts, rxBytes, txBytes }: Draft): RemoteEnd {
  return {
    address,
    host: facts?.host,
    spoken: facts?.spoken,
    network: undefined,
    rxBytes,
    txBytes,
  };
}
