// What people type, as wishes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { effectOf, givenTarget, readRate, targetOf } from "./limit-options.ts";

test("targetOf() reads each kind of target, and wants exactly one", () => {
  assert.deepEqual(targetOf({ app: "firefox" }), { kind: "application", pattern: "firefox" });
  assert.deepEqual(targetOf({ unit: "backup" }), { kind: "unit", unit: "backup.service" });
  assert.deepEqual(targetOf({ unit: "user.slice" }), { kind: "unit", unit: "user.slice" });
  assert.deepEqual(targetOf({ port: "443" }), { kind: "port", port: 443, protocol: null });
  assert.deepEqual(targetOf({ port: "53/udp" }), { kind: "port", port: 53, protocol: "udp" });
  assert.equal(givenTarget({}), undefined);
  assert.throws(() => targetOf({}), { code: "invalid", message: /Give one of --app, --machine/ });
  assert.throws(() => targetOf({ app: "a", user: "b" }), {
    code: "invalid",
    message: "Cannot limit application and user with one rule. Make a rule of each",
  });
  assert.throws(() => targetOf({ port: "https" }), { message: /"https" is no port\. Write 443/ });
});

test("effectOf() has only what was given", () => {
  assert.deepEqual(effectOf({}), {});
  assert.deepEqual(effectOf({ down: 5, up: "none", block: false, for: 60_000 }), {
    rxBytesPerSecond: 5,
    txBytesPerSecond: null,
    block: false,
    forMs: 60_000,
  });
  assert.deepEqual(effectOf({ guarantee: 7, guaranteeUp: 9 }), {
    rxGuaranteedBytesPerSecond: 7,
    txGuaranteedBytesPerSecond: 9,
  });
  assert.deepEqual(effectOf({ when: "always", for: "ever" }), {
    schedule: null,
    expiresAtMs: null,
  });
  assert.deepEqual(effectOf({ when: "sat 9:00-10:00" }).schedule, [
    { days: ["sat"], from: "09:00", to: "10:00" },
  ]);
});

test("readRate() asks for a unit where there is none", () => {
  assert.equal(readRate("5mbit"), 625_000);
  assert.throws(() => readRate("5"), { message: /^5 of what\? Write 5mbit \(bits/ });
  assert.throws(() => readRate("5M"), { message: /^5M of what\?/ });
  for (const text of ["fast", "-5mbit", "5 furlongs"]) {
    assert.throws(() => readRate(text), { message: "Write a rate as 5mbit, 800kbit or 1.5MB/s." });
  }
});
