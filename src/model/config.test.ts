// What config.toml may say.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig, parseInterval } from "./config.ts";
import { DEFAULT_HISTORY_SETTINGS } from "./history.ts";

test("parseConfig() fills in what is not said", () => {
  assert.deepEqual(parseConfig({}), {
    intervalMs: 1000,
    logLevel: "info",
    page: true,
    port: undefined,
    names: true,
    reverseDns: "off",
    networks: undefined,
    history: true,
    historyKeep: DEFAULT_HISTORY_SETTINGS,
    alertCommandUsers: [],
    csvLog: undefined,
  });
  const all = {
    intervalMs: 500,
    logLevel: "debug",
    page: false,
    port: 8080,
    names: false,
    reverseDns: "public",
    networks: "/n",
    history: false,
    alertCommandUsers: ["alice"],
    historyKeep: {
      secondHours: 1,
      minuteDays: 2,
      hourDays: 3,
      dayDays: 31,
      remotes: "addresses",
      remoteDays: 5,
      maxBytes: 2 ** 23,
    },
    csvLog: { folder: "/var/log/monitauri", keepDays: 7, maxBytes: 2 ** 24 },
  } as const;
  assert.deepEqual(parseConfig(all), all);
});

test("parseConfig() names each wrong entry", () => {
  assert.throws(() => parseConfig({ intervalMs: 5, logLevel: "loud" }), {
    code: "invalid",
    message: /intervalMs: .*; logLevel: /,
  });
  assert.throws(() => parseConfig({ interval: 5 }), {
    message:
      "unknown: interval (known: intervalMs, logLevel, page, port, names, reverseDns, networks, history, historyKeep, alertCommandUsers, csvLog)",
  });
  assert.throws(() => parseConfig({ historyKeep: { days: 5 } }), {
    message: /^historyKeep: unknown: days \(known: secondHours, /,
  });
  assert.throws(() => parseConfig({ historyKeep: { maxBytes: 5 } }), {
    message: /^historyKeep\.maxBytes: /,
  });
  assert.throws(() => parseConfig({ csvLog: { folder: "here" } }), {
    message: "csvLog.folder: give a path that begins with /",
  });
  assert.throws(() => parseConfig({ csvLog: { days: 5 } }), {
    message: /^csvLog: unknown: days \(known: folder, keepDays, maxBytes\)/,
  });
  assert.throws(() => parseConfig({ port: 65_536 }), { message: /^port: / });
  assert.throws(() => parseConfig(7), { code: "invalid" });
});

test("parseInterval() keeps to the bounds", () => {
  assert.equal(parseInterval("1s"), 1000);
  assert.throws(() => parseInterval("10ms"), {
    message: '"10ms" is no interval between 100 ms and 1 min; write 1s or 500ms',
  });
  assert.throws(() => parseInterval("fast"), { code: "invalid" });
});
