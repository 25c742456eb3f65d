// What rules and channels may say, and the sentences that are made of them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AlertScope } from "./alert.ts";
import { parseChannelDraft } from "./alert-channel-schema.ts";
import { parseRuleChange, parseRuleDraft } from "./alert-schema.ts";

const RATE = { kind: "rate", bytesPerSecond: 1_250_000 };

describe("parseRuleDraft()", () => {
  test("fills in what is not said, and names the rule by its sentence", () => {
    const rule = parseRuleDraft({
      condition: { ...RATE, direction: "rx" },
      scope: { kind: "application", match: "firefox" },
    });
    assert.equal(rule.name, "firefox receives more than 10.0 Mbit/s for 30 s");
    assert.deepEqual(
      [rule.enabled, rule.severity, rule.channels, rule.snoozedUntilMs],
      [true, "warning", [], null],
    );
    assert.deepEqual(rule.condition, {
      kind: "rate",
      comparison: "above",
      direction: "rx",
      bytesPerSecond: 1_250_000,
      forMs: 30_000,
    });
  });

  test("has a sentence for each condition", () => {
    const words = (condition: Readonly<Record<string, unknown>>, scope?: AlertScope) =>
      parseRuleDraft({ condition, ...(scope === undefined ? {} : { scope }) }).name;
    const cap = { period: "month", capBytes: 50e9 };
    assert.equal(
      words({ kind: "volume", ...cap }),
      "this computer moves 80 % or 100 % of 50.0 GB in a month",
    );
    assert.equal(
      words(
        { kind: "forecast", ...cap, period: "cycle", cycleDay: 15 },
        { kind: "interface", match: "wwan0" },
      ),
      "interface wwan0 will, at its pace, move 50.0 GB in a billing cycle that begins on day 15",
    );
    assert.equal(
      words({ kind: "newcomer" }),
      "a program uses the network for the first time or is another file than before",
    );
    assert.equal(
      words(
        { kind: "first-contact", of: ["country"] },
        { kind: "application", match: "path:/usr/bin/curl" },
      ),
      "curl talks to a country for the first time",
    );
    assert.equal(
      words({ kind: "unusual", of: ["upload"] }),
      "a program sends unusually much of it",
    );
    assert.equal(
      words({ kind: "block-list", list: "/etc/bad.txt" }, { kind: "user", match: "*" }),
      "a program of a user talks to an address on /etc/bad.txt",
    );
    assert.equal(words({ kind: "limit", of: ["defeated"] }), "a limit is defeated");
    assert.equal(
      words({ kind: "coverage", belowShare: 0.985 }),
      "less than 98.5 % of the bytes of this computer have an owner for 5 min",
    );
    assert.equal(words({ kind: "interface-gone" }), "an interface is gone for 10 s");
    assert.equal(words({ kind: "degraded" }), "a part of Monitauri does not work for 1 min");
  });

  test("refuses impossible values and says which", () => {
    const wrong: [value: unknown, message: RegExp][] = [
      [{}, /condition: /],
      [{ condition: { ...RATE, bytesPerSecond: -1 } }, /condition\.bytesPerSecond: /],
      [{ condition: { ...RATE, bytesPerSecond: Number.NaN } }, /bytesPerSecond/],
      [{ condition: { ...RATE, bytesPerSecond: Number.POSITIVE_INFINITY } }, /bytesPerSecond/],
      [{ condition: { ...RATE, forMs: 1e9 } }, /forMs/],
      [
        { condition: { kind: "volume", period: "day", capBytes: 1, percentages: [100, 80] } },
        /upwards/,
      ],
      [{ condition: { kind: "volume", period: "cycle", cycleDay: 32, capBytes: 1 } }, /cycleDay/],
      [{ condition: { kind: "unusual", of: [] } }, /of/],
      [{ condition: { kind: "unusual", of: ["hour", "hour"] } }, /twice/],
      [{ condition: { kind: "block-list", list: "http://plain.example" } }, /https/],
      [{ condition: { kind: "block-list", list: "relative.txt" } }, /absolute/],
      [{ condition: { kind: "magic" } }, /condition/],
      [{ condition: RATE, quietHours: { fromMinute: 60, toMinute: 60 } }, /quietHours/],
      [{ condition: RATE, name: "a\r\nBcc: x" }, /name: must be one line/],
      [{ condition: RATE, channels: ["a\nb"] }, /channels\.0/],
      [{ condition: RATE, colour: "red" }, /colour/],
      [
        { condition: { kind: "degraded" }, scope: { kind: "user", match: "ada" } },
        /degraded cannot/,
      ],
      [{ condition: RATE, scope: { kind: "machine", match: "x" } }, /of the machine/],
    ];
    for (const [value, message] of wrong) {
      assert.throws(
        () => parseRuleDraft(value),
        { code: "invalid", message },
        JSON.stringify(value),
      );
    }
  });
});

test("parseRuleChange() changes what is given and checks the whole", () => {
  const rule = parseRuleDraft({ condition: RATE });
  assert.deepEqual(parseRuleChange(rule, { enabled: false }), { ...rule, enabled: false });
  assert.throws(() => parseRuleChange(rule, { scope: { kind: "interface", match: "" } }), {
    code: "invalid",
  });
  assert.throws(() => parseRuleChange(rule, { id: "x" }), { message: /id/ });
});

describe("parseChannelDraft()", () => {
  const MAIL = {
    kind: "mail",
    host: "mail.example.org",
    port: 587,
    security: "starttls",
    login: "plain",
    user: "me",
    from: "me@example.org",
    to: ["you@example.org"],
    caFile: null,
    tokenUrl: "",
  };

  test("takes a channel with its secrets", () => {
    const draft = { name: "me@example.org", target: MAIL, secrets: { password: "correct horse" } };
    assert.deepEqual(parseChannelDraft(draft), draft);
  });

  test("refuses line ends where a header could begin, and never repeats a secret", () => {
    const wrong: [value: unknown, message: RegExp][] = [
      [{ name: "a", target: { ...MAIL, to: ["x@y.z\r\nBcc: evil@y.z"] } }, /target\.to\.0/],
      [{ name: "a", target: { ...MAIL, from: "<x@y.z>" } }, /target\.from/],
      [{ name: "a", target: { ...MAIL, to: [] } }, /target\.to/],
      [{ name: "a\n", target: MAIL }, /name/],
      [{ name: "a", target: { kind: "command", command: ["notify", "x"], user: "" } }, /absolute/],
      [{ name: "a", target: MAIL, secrets: { url: "hidden" } }, /secret that its kind/],
      [{ name: "a", target: MAIL, secrets: { password: "hidden".repeat(2_000) } }, /password/],
    ];
    for (const [value, message] of wrong) {
      assert.throws(
        () => parseChannelDraft(value),
        (error: Error) => {
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /hidden/);
          return true;
        },
      );
    }
  });
});
