import assert from "node:assert/strict";
import { test } from "node:test";
import { processOf, snapshotOf } from "../model/plain-snapshot.ts";
import type { Process } from "../model/process.ts";
import { SAMPLED_GROUPINGS } from "../model/sample.ts";
import { FACET_VALUES_KEPT } from "./facets.ts";
import { EXITED_APPLICATIONS_KEPT, EXITED_PROCESSES_KEPT, Ledger } from "./ledger.ts";
import { createSampler } from "./sampler.ts";
import { DIFFERENCE_WIDTH } from "./traffic.ts";

test("Ledger folds applications and processes that exited first, and loses no byte", () => {
  const sampler = createSampler({ intervalMs: 1000, now: () => 0 });
  const count = EXITED_PROCESSES_KEPT + 500;
  let sent = 0;
  for (let id = 1; id <= count; id++) {
    sent += id;
    const container = { engine: "docker", id: `c${id}` } as const;
    sampler.take(
      snapshotOf({
        atMs: id * 1000,
        processes: [processOf(id, { name: `app${id % 3_000}`, container })],
        flows: [{ index: 1, serial: id, process: id, txDeviceBytes: sent, closed: true }],
        exited: [id],
      }),
    );
  }
  for (const by of SAMPLED_GROUPINGS) {
    const rows = sampler.groups(by);
    assert.equal(
      rows.reduce((sum, row) => sum + row.total.txBytes, 0),
      sent,
      by,
    );
    assert.equal(
      rows.reduce((sum, row) => sum + row.delta.txBytes, 0),
      count,
      by,
    );
  }
  const applications = sampler.groups("application");
  assert.equal(applications.length, EXITED_APPLICATIONS_KEPT + 1);
  const earlier = applications.find(({ key }) => key === "earlier");
  assert.equal(earlier?.name, "earlier applications");
  assert.ok((earlier?.total.txBytes ?? 0) > 0);
  assert.equal(sampler.groups("process").length, EXITED_PROCESSES_KEPT + 1);
  // Those still known, the folded ones up to their limit among them, and the row for the rest.
  assert.ok(sampler.groups("container").length <= EXITED_PROCESSES_KEPT + FACET_VALUES_KEPT + 1);
  for (const by of ["application", "process"] as const) {
    assert.equal(
      sampler.ps({ by }).reduce((sum, row) => sum + row.txBytes, 0),
      sent,
      by,
    );
  }
});

test("Ledger keeps running applications, however many there are", () => {
  const { ledger, add } = openLedger();
  const count = EXITED_APPLICATIONS_KEPT + 100;
  for (let id = 1; id <= count; id++) add(processOf(id), 1);
  ledger.finish();
  assert.equal(ledger.applications.size, count);
  assert.equal(ledger.earlierApplications.total[0], 0);
});

test("Ledger gives a folded application its row back when one of its processes returns", () => {
  const { ledger, add, total, next } = openLedger();
  add(processOf(1, { name: "old" }), 10);
  ledger.exit(1);
  next();
  for (let id = 2; id <= EXITED_APPLICATIONS_KEPT + 1; id++) {
    add(processOf(id), 1);
    ledger.exit(id);
  }
  next();
  assert.equal(ledger.earlierApplications.total[0], 10);
  assert.equal(ledger.applications.has("path:/usr/bin/old"), false);
  // Late bytes of a process that was taken for gone.
  ledger.row(0, 1).add(ofBytes(5), { number: 3, atMs: 3000 });
  next();
  assert.equal(ledger.applications.get("path:/usr/bin/old")?.tally.total[0], 15);
  // It has exited as well, so that another one, with its one byte, had to go.
  assert.equal(ledger.earlierApplications.total[0], 1);
  assert.equal(total(), 15 + EXITED_APPLICATIONS_KEPT);
});

test("Ledger moves a process with its bytes and connections when its application becomes known", () => {
  const { ledger, add, next } = openLedger();
  ledger.row(0, 7).add(ofBytes(100), { number: 1, atMs: 0 });
  ledger.connections(7, 1);
  next();
  assert.equal(ledger.applications.get("unknown")?.tally.total[0], 100);
  add(processOf(7, { name: "curl" }), 1);
  next();
  const curl = ledger.applications.get("path:/usr/bin/curl");
  assert.equal(curl?.tally.total[0], 101);
  assert.equal(curl?.connections, 1);
  assert.equal(curl?.running, 1);
  assert.equal(ledger.applications.has("unknown"), false);
});

test("Ledger tells traffic without a process apart by its kind", () => {
  const { ledger } = openLedger();
  const kinds = ["kernel or unknown", "forwarded", "kernel", "carried", "link"];
  const rows = kinds.map((_, kind) => ledger.row(kind, 0));
  const { unknown, forwarded, kernel, carried } = ledger.remainders;
  assert.deepEqual(
    rows.map((row) => [unknown, forwarded, kernel, carried].indexOf(row)),
    [0, 1, 2, 3, 0],
  );
});

function openLedger() {
  const ledger = new Ledger();
  let interval = { number: 1, atMs: 1000 };
  ledger.begin(interval);
  return {
    ledger,
    add(process: Process, bytes: number) {
      ledger.announce(process);
      ledger.row(0, process.id).add(ofBytes(bytes), interval);
    },
    next() {
      ledger.finish();
      interval = { number: interval.number + 1, atMs: interval.atMs + 1000 };
      ledger.begin(interval);
    },
    total() {
      const rows = [...ledger.applications.values()].map(({ tally }) => tally);
      return [...rows, ledger.earlierApplications].reduce(
        (sum, row) => sum + (row.total[0] ?? 0),
        0,
      );
    },
  };
}

function ofBytes(bytes: number): Float64Array {
  const difference = new Float64Array(DIFFERENCE_WIDTH);
  difference[0] = bytes;
  return difference;
}
