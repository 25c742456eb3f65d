// "Would have fired 3 times last week" of what a history has: contacts, block lists, coverage; and words where it has not.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createAlerts } from "../src/daemon/alerts.ts";
import type { AlertRuleDraft } from "../src/model/alert.ts";
import { type HistoryStore, openHistoryStore } from "../src/store/open.ts";
import { detailOf, tickOf } from "../src/store/scripted-ticks.ts";
import { historyOfStore } from "./fixtures/store-history.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.parse("2026-11-01T00:30:00Z");
const NOW = START + 12 * DAY_MS;
const WGET = "path:/usr/bin/wget";

let folder: string;
let list: string;
let store: HistoryStore;
let alerts: ReturnType<typeof createAlerts>;
let nowMs = START;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-previews-"));
  list = join(folder, "list.txt");
  writeFileSync(list, "# bad ones\n198.51.100.0/24\nbad.example\n");
  const path = join(folder, "history.db");
  store = openHistoryStore({ path, version: "1", now: () => nowMs, zone: "UTC" });
  // Watched all the time: something moves every hour.
  for (let hour = 0; hour < 12 * 24; hour += 1) {
    const met = [
      [true, {}],
      [hour === 9 * 24, { country: "US" }],
      [hour === 9 * 24 + 5, { country: "US" }],
      [hour === 10 * 24, { country: "JP", user: "bob" }],
      [hour === 2 * 24, { country: "FR" }],
      [hour === 10 * 24 + 1, { country: "FR" }],
      // A program's own first day says nothing.
      [hour === 11 * 24, { application: WGET, country: "BR" }],
      // Two hours on end, then once more.
      [hour === 8 * 24 || hour === 8 * 24 + 1, { remote: "cdn.bad.example" }],
      [hour === 9 * 24, { remote: "198.51.100.7" }],
      [hour === 9 * 24 + 3, { remote: "198.51.100.7" }],
      [hour === 24, { remote: "198.51.100.7" }],
    ] as const;
    const details = met.flatMap(([fits, more]) =>
      fits ? [detailOf({ rxBytes: 2_000_000, ...more })] : [],
    );
    // The hour that ends then.
    nowMs = START + hour * HOUR_MS;
    const isBad = hour === 8 * 24 || hour === 8 * 24 + 1 || hour === 10 * 24;
    const counted = { interface: "eth0", rxCountedBytes: 2_000_000, txCountedBytes: 0 };
    const rxAttributedBytes = isBad ? 1_500_000 : 2_000_000;
    const coverage = [{ ...counted, rxAttributedBytes, txAttributedBytes: 0 }];
    store.append(tickOf(nowMs, details, { coverage, intervalMs: HOUR_MS }));
  }
  nowMs = NOW;
  const log = { info() {}, warn() {}, warnOnce() {} };
  const history = historyOfStore(store);
  alerts = createAlerts({ path: join(folder, "alerts.journal"), history, log, now: () => nowMs });
});
after(async () => {
  await alerts.close();
  store.close();
  rmSync(folder, { recursive: true });
});

async function previewOf(draft: object) {
  const { fired, events, basis } = await alerts.questions.previewAlertRule(draft as AlertRuleDraft);
  return { fired, basis, events: events.map(({ atMs, title }) => `${hourOf(atMs)} ${title}`) };
}

function hourOf(atMs: number): number {
  return Math.floor((atMs - START) / HOUR_MS);
}

test("of a first contact: countries that are new in these days, once each, not on a program's first day", async () => {
  const { fired, events, basis } = await previewOf({ condition: { kind: "first-contact" } });
  assert.deepEqual(events, [
    `${10 * 24 - 1} curl talks to Japan for the first time`,
    `${9 * 24 - 1} curl talks to United States for the first time`,
  ]);
  assert.equal(fired, 2);
  assert.match(basis, /in these days and not before\. Networks are not in it\.$/);
  const bobs = await previewOf({
    condition: { kind: "first-contact", of: ["country"] },
    scope: { kind: "user", match: "bob" },
  });
  assert.deepEqual([bobs.fired, bobs.events.length], [1, 1]);
  assert.match(bobs.events[0] ?? "", /Japan/);
});

test("of a block list: what goes on for hours once, what comes back again, addresses and names", async () => {
  const { fired, events, basis } = await previewOf({ condition: { kind: "block-list", list } });
  assert.deepEqual(
    events.map((line) => line.replace(", which is on a block list", "")),
    [
      `${9 * 24 + 2} curl talks to 198.51.100.7`,
      `${9 * 24 - 1} curl talks to 198.51.100.7`,
      `${8 * 24 - 1} curl talks to cdn.bad.example`,
    ],
  );
  assert.equal(fired, 3);
  assert.match(basis, /the address behind it is not kept/);
  const missing = await previewOf({ condition: { kind: "block-list", list: "/nowhere/list" } });
  assert.equal(missing.fired, null);
  assert.match(missing.basis, /cannot read the block list \/nowhere\/list: ENOENT/);
});

test("of coverage: each time that it fell below, until it came back", async () => {
  const condition = { kind: "coverage", belowShare: 0.9, forMs: 600_000 };
  const { fired, events, basis } = await previewOf({ condition });
  assert.equal(fired, 2);
  assert.match(
    events[0] ?? "",
    /^240 Only 75\.0 % of the bytes of this computer's interfaces have an/,
  );
  assert.match(events[1] ?? "", /^192 Only 75\.0 %/);
  assert.match(basis, /steps of 10 minutes/);
  const never = await previewOf({ condition: { ...condition, belowShare: 0.5 } });
  assert.equal(never.fired, 0);
});

test("of what the history does not keep it is said in words", async () => {
  for (const [condition, words] of [
    [{ kind: "first-contact", of: ["network"] }, /keeps countries, not networks/],
    [{ kind: "limit" }, /when a limit was in trouble/],
    [{ kind: "interface-gone" }, /not whether a quiet one was there/],
    [{ kind: "degraded" }, /what else did not work/],
    [{ kind: "newcomer", of: ["executable"] }, /which file a program was/],
  ] as const) {
    const { fired, basis, events } = await previewOf({ condition });
    assert.deepEqual([fired, events], [null, []], condition.kind);
    assert.match(basis, words);
  }
});

test("a first contact cannot be told from a history of a few days, a block list from one without remotes", async () => {
  nowMs = START + 7 * DAY_MS + HOUR_MS;
  const young = await previewOf({ condition: { kind: "first-contact" } });
  assert.equal(young.fired, null);
  assert.match(young.basis, /does not go back far enough/);
  nowMs = NOW;
  store.changeSettings({ remotes: "none" });
  const none = await previewOf({ condition: { kind: "block-list", list } });
  assert.deepEqual([none.fired, /keeps nobody's other end/.test(none.basis)], [null, true]);
  store.changeSettings({ remotes: "names" });
});
