// What config.toml may say.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig, parseInterval } from "./config.ts";

test("parseConfig() fills in what is not said", () => {
  assert.deepEqual(parseConfig({}), { intervalMs: 1000, logLevel: "info" });
  assert.deepEqual(parseConfig({ intervalMs: 500, logLevel: "debug" }), {
    intervalMs: 500,
    logLevel: "debug",
  });
});

test("parseConfig() names each wrong entry", () => {
  assert.throws(() => parseConfig({ intervalMs: 5, logLevel: "loud" }), {
    code: "invalid",
    message: /intervalMs: .*; logLevel: /,
  });
  assert.throws(() => parseConfig({ interval: 5 }), {
    message: "unknown: interval (known: intervalMs, logLevel)",
  });
  assert.throws(() => parseConfig(7), { code: "invalid" });
});

test("parseInterval() keeps to the bounds", () => {
  assert.equal(parseInterval("1s"), 1000);
  assert.throws(() => parseInterval("10ms"), {
    message: '"10ms" is no interval between 100 ms and 1 min; write 1s or 500ms',
  });
  assert.throws(() => parseInterval("fast"), { code: "invalid" });
});
