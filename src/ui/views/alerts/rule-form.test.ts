import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AlertCondition, AlertRule } from "../../../model/alert.ts";
import { parseRuleDraft } from "../../../model/alert-schema.ts";
import { draftOf, EMPTY_FORM, formOf, withKind } from "./rule-form.ts";

const CONDITIONS: readonly AlertCondition[] = [
  {
    kind: "rate",
    comparison: "below",
    direction: "tx",
    bytesPerSecond: 1_234_567.125,
    forMs: 90_000,
  },
  {
    kind: "volume",
    direction: "rx",
    period: "cycle",
    cycleDay: 14,
    capBytes: 50e9,
    percentages: [50, 80, 100],
  },
  { kind: "forecast", direction: "both", period: "month", cycleDay: 1, capBytes: 1_500_000 },
  { kind: "newcomer", of: ["executable"] },
  { kind: "first-contact", of: ["country", "network"] },
  { kind: "unusual", of: ["hour"], deviations: 7.5 },
  { kind: "block-list", list: "/etc/bad hosts.txt" },
  { kind: "limit", of: ["defeated", "quota"] },
  { kind: "coverage", belowShare: 0.985, forMs: 10_000 },
  { kind: "interface-gone", forMs: 10_000 },
  { kind: "degraded", forMs: 3_600_000 },
];

describe("draftOf() and formOf()", () => {
  for (const condition of CONDITIONS) {
    test(`give back what a rule of kind ${condition.kind} says`, () => {
      const settings = parseRuleDraft({
        condition,
        severity: "critical",
        channels: ["me@example.org"],
        tellEnd: true,
        coolDownMs: 5_400_000,
        digestMs: 60_000,
        quietHours: { fromMinute: 1_350, toMinute: 405 },
      });
      const rule: AlertRule = { ...settings, id: "a1", createdAtMs: 0 };
      const result = draftOf(formOf(rule));
      assert.ok("draft" in result, JSON.stringify(result));
      assert.deepEqual(parseRuleDraft(result.draft), settings);
    });
  }

  test("say which field is wrong", () => {
    const wrongOf = (change: Partial<typeof EMPTY_FORM>) => {
      const result = draftOf({ ...EMPTY_FORM, ...change });
      return "wrong" in result ? Object.keys(result.wrong) : [];
    };
    assert.deepEqual(wrongOf({}), []);
    assert.deepEqual(wrongOf({ rate: "10" }), ["rate"]);
    assert.deepEqual(wrongOf({ lasting: "soon", coolDown: "never" }), ["coolDown", "lasting"]);
    assert.deepEqual(wrongOf({ quietFrom: "22:00" }), ["quietFrom"]);
    assert.deepEqual(wrongOf({ quietFrom: "22:00", quietTo: "22:00" }), ["quietFrom"]);
    assert.deepEqual(wrongOf({ kind: "volume", cap: "much" }), ["cap"]);
    assert.deepEqual(wrongOf({ kind: "volume", percentages: "100, 80" }), ["percentages"]);
    assert.deepEqual(wrongOf({ kind: "volume", period: "cycle", cycleDay: "32" }), ["cycleDay"]);
    assert.deepEqual(wrongOf({ kind: "newcomer", of: [] }), ["of"]);
    assert.deepEqual(wrongOf({ kind: "coverage", share: "0" }), ["share"]);
    assert.deepEqual(wrongOf({ kind: "block-list" }), ["list"]);
  });
});

test("withKind() takes a scope that the kind can have, and all of its choices", () => {
  const form = withKind({ ...EMPTY_FORM, scopeKind: "interface" }, "newcomer");
  assert.equal(form.scopeKind, "machine");
  assert.deepEqual(form.of, ["program", "executable"]);
  assert.equal(withKind(EMPTY_FORM, "degraded").scopeKind, "machine");
});
