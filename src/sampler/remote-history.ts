/** What flows that are gone summed to, by remote address. */

import { AddressTotals } from "./address-totals.ts";
import { busiest } from "./busiest.ts";
import type { FlowColumns } from "./flow-columns.ts";
import { addNumbers, BYTES, TRAFFIC_WIDTH } from "./traffic.ts";

export const REMOTES_KEPT = 10_000;

/** Beyond the limit the smaller half goes into `other`: no byte is lost, only its address. */
export class RemoteHistory {
  table = new AddressTotals({ width: TRAFFIC_WIDTH, expected: 0 });
  readonly other = new Float64Array(TRAFFIC_WIDTH);
  otherLastActiveAtMs = 0;

  /** Keeps what a flow summed to. */
  add(columns: FlowColumns, flow: number): void {
    if (this.table.size >= REMOTES_KEPT) this.#fold();
    const slot = this.table.slot(columns.addresses, flow * 8 + 4);
    addNumbers(this.table.sums, slot * TRAFFIC_WIDTH, columns.total, flow * TRAFFIC_WIDTH);
    this.table.active(slot, columns.lastActiveAtMs[flow] ?? 0);
  }

  #fold(): void {
    const old = this.table;
    const slots = old.slots();
    const scores = Float64Array.from(slots, (slot) => {
      const at = slot * TRAFFIC_WIDTH;
      return (old.sums[at + BYTES] ?? 0) + (old.sums[at + BYTES + 1] ?? 0);
    });
    const keep = new Set(busiest(scores, REMOTES_KEPT / 2));
    this.table = new AddressTotals({ width: TRAFFIC_WIDTH, expected: REMOTES_KEPT });
    for (const [i, slot] of slots.entries()) {
      if (keep.has(i)) this.table.merge(old, slot);
      else {
        addNumbers(this.other, 0, old.sums, slot * TRAFFIC_WIDTH);
        this.otherLastActiveAtMs = Math.max(
          this.otherLastActiveAtMs,
          old.lastActiveAtMs[slot] ?? 0,
        );
      }
    }
  }
}
