// What doctor says of a history that is well, ill, away and switched off.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MonitauriError } from "../model/error.ts";
import { DEFAULT_HISTORY_SETTINGS, type HistoryState } from "../model/history.ts";
import { MAX_WAITING_TICKS } from "../store/open.ts";
import { historyHealth } from "./history-health.ts";
import { MAX_TICKS } from "./tick-queue.ts";

const WELL: HistoryState = {
  path: "/var/lib/monitauri/history.db",
  fileBytes: 5_000_000,
  settings: DEFAULT_HISTORY_SETTINGS,
  zone: "UTC",
  firstAtMs: new Date("2026-11-08T00:00").getTime(),
  lastAtMs: undefined,
  keptFromMs: { second: 0, minute: 0, hour: 0, day: 0 },
  warnings: [],
  fault: undefined,
  waitingTicks: 3,
  lostTicks: 0,
};

test("a history that is well has its size and its bounds", async () => {
  const { finding, bounds } = await healthOf(WELL);
  assert.deepEqual([finding.state, finding.detail], ["ok", "since 2026-11-08, 5.00 MB"]);
  assert.deepEqual(
    bounds.map(({ used, limit }) => [used, limit]),
    [
      [5_000_000, 2 ** 30],
      [3, MAX_WAITING_TICKS + MAX_TICKS],
    ],
  );
});

test("what is wrong is said with what to do", async () => {
  const { finding } = await healthOf({ ...WELL, fault: "the disk is full", lostTicks: 7 });
  assert.equal(finding.state, "limited");
  assert.match(finding.detail, /; the disk is full; 7 samples could not be kept$/);
  assert.match(finding.remedy ?? "", /make room/);
  assert.equal((await healthOf({ ...WELL, warnings: ["set aside"] })).finding.state, "limited");
});

test("a history that cannot be opened says why, and one that is switched off how to get it", async () => {
  const refusal = new MonitauriError("unsupported", "Cannot open the history: a newer one");
  const { finding, bounds } = await healthOf(refusal);
  assert.deepEqual([finding.state, finding.detail, bounds], ["missing", refusal.message, []]);
  assert.match((await historyHealth(undefined)).finding.remedy ?? "", /history = false/);
});

function healthOf(found: HistoryState | MonitauriError) {
  return historyHealth({
    thread: () => ({ name: "history", state: "stopped", restarts: 0, lastError: undefined }),
    state: async () => {
      if (found instanceof MonitauriError) throw found;
      return found;
    },
  });
}
