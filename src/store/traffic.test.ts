// What crossed a network told apart from what never left the machine, on real files.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { HistoryDetail, HistoryQuery } from "../model/history.ts";
import { type HistoryStore, openHistoryStore } from "./open.ts";
import { chanceOf, randomDetails, tickOf } from "./scripted-ticks.ts";

const START = Date.parse("2026-11-08T12:00:00Z");
const TICKS = 200;
let folder: string;
let store: HistoryStore;
const details: HistoryDetail[] = [];

before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-store-"));
  const chance = chanceOf(7);
  const now = () => START + TICKS * 1_000;
  store = openHistoryStore({
    path: join(folder, "history.db"),
    version: "1.2.3",
    now,
    zone: "UTC",
  });
  for (let tick = 1; tick <= TICKS; tick += 1) {
    const some = randomDetails(chance);
    details.push(...some);
    store.append(tickOf(START + tick * 1_000, some));
  }
});
after(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const PERIOD = { fromMs: START, toMs: START + (TICKS + 1) * 1_000 };

test("query() of one kind of traffic gives only its bytes in totals, rows and series, from either kind of table", () => {
  for (const traffic of ["networks", "loopback"] as const) {
    for (const groupBy of ["application", "remote"] as const) {
      for (const filter of [{}, { application: ["path:/usr/bin/app-1"] }]) {
        const answer = store.query({ ...PERIOD, groupBy, filter, traffic, stepMs: 60_000 });
        const own = details.filter(
          (one) =>
            (one.scope === "loopback") === (traffic === "loopback") &&
            (!("application" in filter) || one.application === "path:/usr/bin/app-1"),
        );
        const wanted = sumOf(own.map(({ rxBytes }) => rxBytes));
        assert.ok(wanted > 0);
        assert.equal(answer.total.rxBytes, wanted);
        assert.equal(sumOf(answer.rows.map(({ rxBytes }) => rxBytes)), wanted);
        assert.equal(sumOf(answer.series?.rxBytes ?? []), wanted);
        assert.equal(sumOf(answer.rows.flatMap(({ rxSeries }) => rxSeries)), wanted);
        if (groupBy === "remote") {
          const opened = sumOf(own.map(({ connectionsOpened }) => connectionsOpened));
          assert.equal(sumOf(answer.rows.map((row) => row.connectionsOpened ?? 0)), opened);
        }
        if (traffic === "networks") {
          assert.ok(answer.rows.every(({ rxLoopbackBytes }) => rxLoopbackBytes === 0));
        }
      }
    }
  }
});

test("query() ranks by the traffic that is asked for", () => {
  const rank = (query: Partial<HistoryQuery>) =>
    store
      .query({ ...PERIOD, groupBy: "interface", ...query })
      .rows.map(({ key, rxBytes, txBytes }) => ({ key, bytes: rxBytes + txBytes }));
  assert.ok(rank({}).some(({ key }) => key === "lo"));
  assert.ok(rank({ traffic: "networks" }).every(({ key }) => key !== "lo"));
  assert.deepEqual(
    rank({ traffic: "loopback" }).map(({ key }) => key),
    ["lo"],
  );
});

test("query() refuses a traffic that there is not", () => {
  assert.throws(
    () => store.query({ ...PERIOD, traffic: "all" as never }),
    /there is networks and loopback/,
  );
});

function sumOf(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}
