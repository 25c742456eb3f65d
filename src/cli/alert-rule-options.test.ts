// What people type becomes the rule they mean.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Command } from "commander";
import { parseRuleDraft } from "../model/alert-schema.ts";
import { type RuleOptions, ruleFrom, ruleOptions } from "./alert-rule-options.ts";

function given(text: string): ReturnType<typeof ruleFrom> {
  const command = ruleOptions(new Command().option("--off"))
    .exitOverride()
    .configureOutput({ writeErr() {} });
  command.parse(text.split(" "), { from: "user" });
  return ruleFrom(command.opts<RuleOptions>());
}

function named(text: string): string {
  return parseRuleDraft(given(text)).name;
}

describe("ruleFrom()", () => {
  test("makes rules that say what was typed", () => {
    const sentences: Record<string, string> = {
      "--app firefox --above 10mbit --for 30s": "firefox moves more than 10.0 Mbit/s for 30 s",
      "--user ada --below 2MB --up --for 5min": "user ada sends less than 16.0 Mbit/s for 5 min",
      "--volume 50GB --per month --at 80,100":
        "this computer moves 80 % or 100 % of 50.0 GB in a month",
      "--forecast 1.5TB --cycle-day 3 --interface wwan0 --down":
        "interface wwan0 will, at its pace, receive 1.50 TB in a billing cycle that begins on day 3",
      "--newcomer program": "a program uses the network for the first time",
      "--first-contact country --app *": "a program talks to a country for the first time",
      "--unusual hour,upload":
        "a program is active at an unusual hour or sends unusually much of it",
      "--block-list /etc/bad.txt": "a program talks to an address on /etc/bad.txt",
      "--limit-trouble quota": "a limit uses up its quota",
      "--coverage-below 98% --for 10min":
        "less than 98 % of the bytes of this computer have an owner for 10 min",
      "--interface-gone": "an interface is gone for 10 s",
      "--degraded": "a part of Monitauri does not work for 1 min",
    };
    for (const [text, sentence] of Object.entries(sentences)) assert.equal(named(text), sentence);
  });

  test("has only what was given, so that a change leaves the rest", () => {
    assert.deepEqual(given("--off"), { enabled: false });
    assert.deepEqual(
      given("--mail a@b.c --to desk --quiet 22:00-07:30 --digest 10min --tell-end"),
      {
        channels: ["a@b.c", "desk"],
        quietHours: { fromMinute: 1_320, toMinute: 450 },
        digestMs: 600_000,
        tellEnd: true,
      },
    );
    assert.deepEqual(given("--quiet off --cool-down 1h --hysteresis 20%"), {
      quietHours: null,
      coolDownMs: 3_600_000,
      hysteresisShare: 0.2,
    });
  });

  test("refuses what contradicts itself", () => {
    assert.throws(() => given("--app a --user b --degraded"), { message: /one: choose/ });
    assert.throws(() => given("--above 1mbit --newcomer"), { message: /one condition/ });
    assert.throws(() => given("--volume 1GB"), { message: /--per/ });
    for (const text of [
      "--above 10",
      "--quiet 25:00-07:00",
      "--volume lots --per day",
      "--at 0 --volume 1GB",
    ]) {
      assert.throws(() => given(text), { code: "commander.invalidArgument" }, text);
    }
  });
});
