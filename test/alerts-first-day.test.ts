// Alerts of a daemon whose history knows more than they do: nothing that was known is told of, after an upgrade or a restart.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createAlerts } from "../src/daemon/alerts.ts";
import type { HistoryTick } from "../src/model/history.ts";
import { type HistoryStore, openHistoryStore } from "../src/store/open.ts";
import { detailOf, tickOf } from "../src/store/scripted-ticks.ts";
import { activity, createMadeUpSampler } from "./fixtures/sampled.ts";
import { historyOfStore } from "./fixtures/store-history.ts";

const DAY_MS = 86_400_000;
const START = Date.parse("2026-11-01T12:00:00Z");

let folder: string;
let store: HistoryStore;
let nowMs = START;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-first-day-"));
  const path = join(folder, "history.db");
  store = openHistoryStore({ path, version: "1", now: () => nowMs, zone: "UTC" });
});
after(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

let meetingsAnswered = 0;

function open() {
  const troubles: string[] = [];
  const history = historyOfStore(store, (topic) => {
    if (topic === "meetings") meetingsAnswered += 1;
  });
  const alerts = createAlerts({
    path: join(folder, "alerts.journal"),
    history,
    log: {
      info() {},
      warn: (line) => troubles.push(line),
      warnOnce: (_, line) => troubles.push(line),
    },
    now: () => nowMs,
  });
  const sampler = createMadeUpSampler();
  const take = (tick: HistoryTick) => {
    const applications = tick.applications.map(({ key, name }) => activity(key, name, 1_000));
    alerts.take({ ...sampler.take({ atMs: nowMs }), applications, atMs: nowMs }, tick);
  };
  return { alerts, take, troubles };
}

function tickAt(atMs: number, more: Parameters<typeof detailOf>[0]): HistoryTick {
  nowMs = atMs;
  return tickOf(atMs, [detailOf({ rxBytes: 10_000, ...more })]);
}

/** The history is asked at once; its answer is used a few turns of the event loop later. */
async function answered(count: number): Promise<void> {
  for (let n = 0; n < 1_000 && meetingsAnswered < count; n += 1) await sleep(5);
  assert.equal(meetingsAnswered, count);
  await sleep(0);
}

test("programs and countries of the history are nothing new to alerts that begin later, also after a restart", async () => {
  for (let day = 0; day < 3; day += 1) {
    store.append(tickAt(START + day * DAY_MS, { country: day === 0 ? "DE" : "FR" }));
  }
  const later = START + 3 * DAY_MS;
  nowMs = later;
  const titles = async ({ alerts }: ReturnType<typeof open>) =>
    (await alerts.questions.alertLog()).events.map(({ title }) => title).toReversed();
  const first = open();
  await first.alerts.questions.addAlertRule({
    condition: { kind: "newcomer", of: ["program"] },
  });
  await first.alerts.questions.addAlertRule({
    condition: { kind: "first-contact", of: ["country", "network"] },
  });
  await answered(1);
  const network = "AS64500 Example";
  first.take(tickAt(later + 1_000, { country: "DE", network }));
  first.take(tickAt(later + 2_000, { country: "FR", network }));
  assert.deepEqual(await titles(first), []);
  assert.deepEqual(
    first.alerts.status(undefined).learning.map(({ what }) => what),
    ["first contacts with networks"],
    "the history has none",
  );
  first.take(tickAt(later + 3_000, { country: "US", network }));
  first.take(tickAt(later + 4_000, { application: "path:/usr/bin/wget", country: "DE" }));
  const told = [
    "curl talks to United States for the first time",
    "wget uses the network for the first time",
  ];
  assert.deepEqual(await titles(first), told);
  // What comes within the last minute before the end is in the history alone, and not in the file of alerts.
  const { events } = await first.alerts.questions.alertLog();
  assert.equal(events.length, 2);
  const lost = tickAt(later + 5_000, { country: "JP", application: "path:/usr/bin/wget" });
  store.append(lost);
  first.take(lost);
  assert.deepEqual(await titles(first), told, "wget's first day");
  // Waits for the disk. As SIGKILL leaves it: nobody closes the first one.
  await first.alerts.questions.acknowledgeAlerts({ ids: [] });
  const second = open();
  await answered(2);
  second.take(tickAt(later + 6_000, { country: "JP", application: "path:/usr/bin/wget" }));
  second.take(tickAt(later + 7_000, { country: "US" }));
  assert.deepEqual(await titles(second), told);
  await second.alerts.close();
  assert.deepEqual([first.troubles, second.troubles], [[], []]);
});
