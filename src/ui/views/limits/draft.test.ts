// What is edited, there and back.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitRule, LimitTarget } from "../../../model/limit.ts";
import { parseSchedule } from "../../../model/limit-schedule.ts";
import { draftOf, wishOf } from "./draft.ts";

const rule: LimitRule = {
  id: "l1",
  target: { kind: "application", pattern: "firefox" },
  rxBytesPerSecond: 625_000,
  txBytesPerSecond: 123_456.5,
  block: false,
  rxGuaranteedBytesPerSecond: null,
  txGuaranteedBytesPerSecond: null,
  priority: 2,
  exceptLan: true,
  enabled: true,
  schedule: parseSchedule("mon-fri 09:00-18:00"),
  expiresAtMs: 5,
  createdAtMs: 0,
};

test("a rule that is opened and saved comes back as it was, its end untouched", () => {
  const { id, enabled, expiresAtMs, createdAtMs, ...same } = rule;
  assert.deepEqual(wishOf(draftOf(rule, rule.target)), same);
});

test("every kind of target comes back as it was", () => {
  const targets: LimitTarget[] = [
    { kind: "machine" },
    { kind: "interface", name: "eth0" },
    { kind: "process", pid: 7, startedAtMs: 5.5 },
    { kind: "user", user: "ada" },
    { kind: "container", container: "web" },
    { kind: "unit", unit: "a.service" },
    { kind: "remote", network: "10.0.0.0/8" },
    { kind: "port", port: 53, protocol: "udp" },
    { kind: "port", port: 53, protocol: null },
  ];
  for (const target of targets) {
    const wish = wishOf({ ...draftOf(undefined, target), down: "5 Mbit/s" });
    assert.ok(typeof wish !== "string");
    assert.deepEqual(wish.target, target);
  }
});

test("wishOf() says what is missing or wrong", () => {
  const draft = draftOf(undefined, rule.target);
  const said = (parts: object) => wishOf({ ...draft, ...parts });
  assert.equal(said({ who: " " }), "Say whose traffic is meant.");
  assert.equal(said({ down: "5" }), "One of the rates is none that can be.");
  assert.match(String(said({ when: "sometimes" })), /Write it as "mon-fri 09:00-18:00"/);
  assert.equal(said({ kind: "port", who: "https" }), "Write a port as 443, 443/tcp or 443/udp.");
  const blocked = said({ block: true, down: "5 Mbit/s" });
  assert.ok(typeof blocked !== "string" && blocked.rxBytesPerSecond === null);
});
