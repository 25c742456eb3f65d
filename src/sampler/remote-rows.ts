/** Rows by remote address: from the flows that live and what was kept of those that are gone. */

import { addressText } from "../model/address.ts";
import type { Accounts } from "./accounts.ts";
import { AddressTotals } from "./address-totals.ts";
import { busiest, busyness } from "./busiest.ts";
import { NONE_KEY, OTHER_KEY } from "./facets.ts";
import { isAddress } from "./flow-columns.ts";
import { FREE } from "./flow-memory.ts";
import type { Draft } from "./group-rows.ts";
import { REMAINDER_OF_KIND } from "./remainders.ts";
import { type Interval, Tally } from "./tally.ts";
import { addNumbers, BYTES, TRAFFIC_WIDTH } from "./traffic.ts";

/** Total, then delta. */
const WIDTH = 2 * TRAFFIC_WIDTH;
const DELTA = TRAFFIC_WIDTH;

/** At most `limit` addresses, the busiest; the rest in one row. Objects are made for these only. */
export function remoteRows(accounts: Accounts, limit: number): Draft[] {
  const table = sumByRemote(accounts);
  const slots = table.slots();
  const scores = Float64Array.from(slots, (slot) => score(table, slot));
  const chosen = busiest(scores, limit);
  const shown = new Set(chosen);
  const drafts = chosen.map((i) => draftOf(table, slots[i] ?? 0, accounts));
  const hidden = slots.filter((_, i) => !shown.has(i));
  const { other, otherLastActiveAtMs } = accounts.remotes;
  if (hidden.length === 0 && other.every((value) => value === 0)) return drafts;
  const sums = new Float64Array(WIDTH);
  addNumbers(sums, 0, other);
  let lastActiveAtMs = otherLastActiveAtMs;
  let connections = 0;
  for (const slot of hidden) {
    addNumbers(sums, 0, table.sums, slot * WIDTH, WIDTH);
    lastActiveAtMs = Math.max(lastActiveAtMs, table.lastActiveAtMs[slot] ?? 0);
    connections += table.connections[slot] ?? 0;
  }
  const tally = tallyOf(sums, 0, { lastActiveAtMs, interval: accounts.interval });
  return [...drafts, { key: OTHER_KEY, name: "other", tally, connections }];
}

function sumByRemote({ memory, remotes }: Accounts): AddressTotals {
  const table = new AddressTotals({ width: WIDTH, expected: memory.size + remotes.table.size });
  for (const slot of remotes.table.slots()) table.merge(remotes.table, slot);
  const { columns } = memory;
  for (let flow = 0; flow < memory.end; flow++) {
    if (columns.status[flow] === FREE) continue;
    if (REMAINDER_OF_KIND[columns.kind[flow] ?? 0] !== undefined) continue;
    const slot = table.slot(columns.addresses, flow * 8 + 4);
    const at = slot * WIDTH;
    addNumbers(table.sums, at, columns.total, flow * TRAFFIC_WIDTH);
    const deltaAt = memory.deltaAt(columns, flow);
    if (deltaAt >= 0) addNumbers(table.sums, at + DELTA, memory.deltas, deltaAt);
    table.active(slot, columns.lastActiveAtMs[flow] ?? 0);
    if (memory.isConnection(flow)) table.connections[slot] = (table.connections[slot] ?? 0) + 1;
  }
  return table;
}

function score({ sums }: AddressTotals, slot: number): number {
  const bytes = (at: number) => (sums[at + BYTES] ?? 0) + (sums[at + BYTES + 1] ?? 0);
  return busyness(bytes(slot * WIDTH + DELTA), bytes(slot * WIDTH));
}

function draftOf(table: AddressTotals, slot: number, { interval }: Accounts): Draft {
  const address = addressText(new Uint8Array(table.addresses.buffer, slot * 16, 16));
  const none = !isAddress(table.addresses, slot * 4);
  const lastActiveAtMs = table.lastActiveAtMs[slot] ?? 0;
  return {
    key: none ? NONE_KEY : address,
    name: none ? "no single peer" : address,
    tally: tallyOf(table.sums, slot * WIDTH, { lastActiveAtMs, interval }),
    connections: table.connections[slot] ?? 0,
  };
}

function tallyOf(
  sums: Float64Array,
  at: number,
  { lastActiveAtMs, interval }: { lastActiveAtMs: number; interval: Interval },
): Tally {
  const tally = new Tally();
  tally.add(sums.subarray(at + DELTA, at + WIDTH), interval);
  tally.total.set(sums.subarray(at, at + TRAFFIC_WIDTH));
  tally.lastActiveAtMs = lastActiveAtMs;
  return tally;
}
