import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DEFAULT_HISTORY_SETTINGS,
  type HistoryAnswer,
  type HistoryState,
} from "../../../model/history.ts";
import { emptyReason } from "./empty-reason.ts";
import { openZone } from "./zone.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 25, 12);
const STATE: HistoryState = {
  path: "/var/lib/monitauri/history.db",
  fileBytes: 1,
  settings: DEFAULT_HISTORY_SETTINGS,
  zone: "UTC",
  firstAtMs: NOW - 30 * DAY,
  lastAtMs: NOW,
  keptFromMs: { second: 0, minute: 0, hour: 0, day: 0 },
  warnings: [],
  fault: undefined,
  waitingTicks: 0,
  lostTicks: 0,
};
const BYTES = {
  rxBytes: 0,
  txBytes: 0,
  rxLoopbackBytes: 0,
  txLoopbackBytes: 0,
  connectionsOpened: null,
};
const ANSWER: HistoryAnswer = {
  fromMs: NOW - DAY,
  toMs: NOW,
  total: BYTES,
  observedMs: DAY,
  rows: [],
  others: null,
  series: null,
  before: null,
  percentile95: null,
  coverage: [],
  gaps: [],
  sessions: [],
};

test("emptyReason() says why, and what would show something", () => {
  const reason = (
    answer: Partial<HistoryAnswer>,
    state: Partial<HistoryState> = {},
    isFiltered = false,
  ) => {
    const zone = openZone("UTC");
    const found = emptyReason(
      { ...ANSWER, ...answer },
      { state: { ...STATE, ...state }, isFiltered, nowMs: NOW, zone },
    );
    return [found?.what, found?.way];
  };
  assert.deepEqual(reason({ total: { ...BYTES, rxBytes: 1 } }), [undefined, undefined]);
  assert.deepEqual(reason({ fromMs: NOW + DAY, toMs: NOW + 2 * DAY }), [
    "This is still to come.",
    undefined,
  ]);
  assert.deepEqual(reason({}, { firstAtMs: undefined }), ["The history is empty.", "live"]);
  assert.deepEqual(reason({ fromMs: 0, toMs: DAY }), [
    "The history begins on 26 Oct 2026.",
    "first-day",
  ]);
  const gap = { fromMs: NOW - 2 * DAY, toMs: NOW, detail: "" };
  assert.deepEqual(reason({ observedMs: 0, gaps: [{ ...gap, reason: "suspended" }] }), [
    "Nothing is known of this time: the computer slept.",
    undefined,
  ]);
  assert.deepEqual(reason({ observedMs: 0, gaps: [{ ...gap, reason: "not-kept" }] }), [
    "Nothing is known of this time: it could not be written.",
    undefined,
  ]);
  assert.deepEqual(reason({ observedMs: 0 }), [
    "Nothing is known of this time: Monitauri was off.",
    undefined,
  ]);
  assert.deepEqual(reason({}, {}, true), ["Nothing in this period fits.", "no-filter"]);
  assert.deepEqual(reason({}), ["No traffic was counted in this period.", undefined]);
});
