// Processes in the history: told apart by pid, start and program, summed up to their applications to the byte, bounded.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { HistoryFilter, HistoryProcess, HistoryQuery } from "../model/history.ts";
import { openHistoryStore } from "./open.ts";
import { chanceOf, detailOf, randomDetails, tickOf } from "./scripted-ticks.ts";

const START = Date.parse("2026-11-08T12:00:00Z");
const HOUR = { fromMs: START, toMs: START + 3_600_000 };
const CURL = "path:/usr/bin/curl";

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-processes-"));
});
after(() => rmSync(folder, { recursive: true }));

function processOf(pid: number, rxBytes: number, different: Partial<HistoryProcess> = {}) {
  const moved = { rxBytes, txBytes: rxBytes / 10 };
  return {
    application: CURL,
    pid,
    startedAtMs: START - 5_000,
    name: "curl",
    user: "ann",
    container: "",
    ...moved,
    rxLoopbackBytes: 0,
    txLoopbackBytes: 0,
    interfaces: [{ name: "eth0", ...moved }],
    ...different,
  };
}

let made = 0;
function storeOf(limits?: { pairsADay: number; applications: number; processesADay: number }) {
  made += 1;
  const path = join(folder, `${made}.db`);
  return openHistoryStore({ path, version: "1", now: () => HOUR.toMs, zone: "UTC", limits });
}

test("a process is its pid, start and program; what no process explains is a row of its own", () => {
  const store = storeOf();
  const details = [detailOf({ rxBytes: 1_000, txBytes: 100 })];
  store.append(
    tickOf(START + 1_000, details, {
      processes: [
        processOf(7, 500),
        processOf(7, 200, { startedAtMs: START - 900 }),
        // exec: the same process runs another program.
        processOf(7, 100, { name: "wget" }),
      ],
    }),
  );
  const ask = (query: Partial<HistoryQuery>) => store.query({ ...HOUR, ...query });
  const { rows, total } = ask({ groupBy: "process", stepMs: 60_000 });
  assert.deepEqual(
    rows.map(({ key, name, rxBytes, txBytes }) => [key, name, rxBytes, txBytes]),
    [
      [`7@${START - 5_000}#1`, "curl (7)", 500, 50],
      [`7@${START - 900}#2`, "curl (7)", 200, 20],
      ["", "", 200, 20],
      [`7@${START - 5_000}#3`, "wget (7)", 100, 10],
    ],
  );
  assert.equal(total.rxBytes, 1_000);
  for (const { rxSeries, rxBytes } of rows) assert.equal(rxSeries[0], rxBytes);
  const filtered = (filter: HistoryFilter) => ask({ filter }).total.rxBytes;
  assert.equal(filtered({ process: ["7"] }), 800);
  assert.equal(filtered({ process: ["wget"] }), 100);
  assert.equal(filtered({ process: [`7@${START - 5_000}`] }), 600);
  assert.equal(filtered({ process: [`7@${START - 5_000}#3`] }), 100);
  assert.equal(filtered({ process: [""] }), 200);
  assert.equal(filtered({ process: ["", "wget"] }), 300);
  assert.equal(filtered({ process: ["nobody"] }), 0);
  assert.equal(filtered({ process: ["7"], interface: ["eth1"] }), 0);
  assert.equal(filtered({ process: ["7"], user: ["ann"], application: [CURL] }), 800);
  const users = ask({ groupBy: "user", filter: { process: ["7"] } }).rows;
  assert.deepEqual(
    users.map(({ key, rxBytes }) => [key, rxBytes]),
    [["ann", 800]],
  );
  for (const wrong of [
    { groupBy: "process", filter: { remote: ["example.org"] } },
    { groupBy: "country", filter: { process: ["7"] } },
    { groupBy: "user", filter: { process: [""] } },
  ] as const) {
    assert.throws(() => ask(wrong), { code: "invalid" });
  }
  store.close();
});

test("processes and the rest add up to the machine's applications, in hours and over days, whatever was random", () => {
  const store = storeOf();
  const chance = chanceOf(6);
  let sum = 0;
  for (let n = 1; n <= 400; n += 1) {
    const details = randomDetails(chance);
    const tick = tickOf(START + n * 60_000, details);
    // Some are not told apart.
    store.append({ ...tick, processes: tick.processes.filter(() => chance() < 0.7) });
    sum += details.reduce((all, { rxBytes }) => all + rxBytes, 0);
  }
  for (const hours of [24, 24 * 40]) {
    const period = { fromMs: START, toMs: START + hours * 3_600_000 };
    for (const traffic of [undefined, "networks", "loopback"] as const) {
      const by = (groupBy: "application" | "process") => {
        const asked = { ...period, groupBy, ...(traffic === undefined ? {} : { traffic }) };
        const { rows, others } = store.query({ ...asked, top: 3, stepMs: 3_600_000 });
        const all = others === null ? rows : [...rows, others];
        return {
          rx: all.reduce((found, { rxBytes }) => found + rxBytes, 0),
          series: all.flatMap(({ rxSeries }) => rxSeries).reduce((a, b) => a + b, 0),
        };
      };
      assert.deepEqual(by("process"), by("application"), `${traffic} of ${hours} h`);
      if (traffic === undefined) assert.equal(by("process").rx, sum);
    }
  }
  store.close();
});

test("minutes of processes go after a week, hours answer then, and no byte is lost", () => {
  const store = storeOf();
  let sum = 0;
  const append = (atMs: number) => {
    store.append(tickOf(atMs, [detailOf({ rxBytes: 10 })], { intervalMs: 60_000 }));
    sum += 10;
  };
  for (let day = 0; day < 9; day += 1) append(START + day * 86_400_000);
  for (let n = 1; n < 60; n += 1) append(START + 8 * 86_400_000 + n * 60_000);
  const ask = (fromMs: number, toMs: number) => {
    const { rows, fromMs: from, toMs: to } = store.query({ fromMs, toMs, groupBy: "process" });
    return [rows.map(({ name, rxBytes }) => [name, rxBytes]), from, to];
  };
  const late = START + 8 * 86_400_000;
  assert.deepEqual(ask(late - 60_000, late + 60_000), [
    [["curl (100)", 20]],
    late - 60_000,
    late + 60_000,
  ]);
  // Widened to its hour, and said.
  const [rows, fromMs, toMs] = ask(START - 60_000, START + 60_000);
  assert.deepEqual(
    [rows, fromMs, toMs],
    [[["curl (100)", 10]], START - 3_600_000, START + 3_600_000],
  );
  assert.deepEqual(ask(START - 86_400_000, late + 86_400_000)[0], [["curl (100)", sum]]);
  store.close();
});

test("beyond the processes of a day further ones stand in their application alone", () => {
  const store = storeOf({ pairsADay: 100, applications: 100, processesADay: 10 });
  for (let n = 1; n <= 50; n += 1) {
    const details = [detailOf({ rxBytes: 10 })];
    store.append(tickOf(START + n * 1_000, details, { processes: [processOf(n, 10)] }));
  }
  const { rows } = store.query({ ...HOUR, groupBy: "process", top: 100 });
  assert.deepEqual([rows.length, rows[0]?.key, rows[0]?.rxBytes], [11, "", 400]);
  store.close();
});

test("exportPart() has each process of a minute once, whatever the parts are cut into", () => {
  const store = storeOf();
  for (let minute = 1; minute <= 20; minute += 1) {
    const details = [detailOf({ rxBytes: 30_000 })];
    const processes = Array.from({ length: 256 }, (_, n) => processOf(1_000 + n, 100));
    store.append(tickOf(START + minute * 60_000, details, { processes, intervalMs: 60_000 }));
  }
  const query = { ...HOUR, level: "minute", format: "jsonl", by: "process" } as const;
  const keys = new Set<string>();
  let [rows, rxBytes, parts] = [0, 0, 0];
  for (let cursor: string | null = null; parts === 0 || cursor !== null; parts += 1) {
    const part = store.exportPart(query, cursor);
    for (const line of part.text.split("\n").filter(Boolean)) {
      const row = JSON.parse(line);
      keys.add(`${row.from} ${row.pid}`);
      rows += 1;
      rxBytes += row.rx_bytes;
    }
    cursor = part.next;
  }
  // The 257th of each minute is what they leave unexplained.
  assert.deepEqual([rows, keys.size, rxBytes], [20 * 257, 20 * 257, 20 * 30_000]);
  assert.ok(parts > 2, `${parts} parts`);
  store.close();
});
