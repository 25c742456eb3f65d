// What is refused, with which words, and what becomes of a wish.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type LimitRule, type LimitWish, MAX_LIMITS } from "./limit.ts";
import { changedRule, type LimitSurroundings, ruleOf, ruleWarnings } from "./limit-check.ts";
import { parseSchedule } from "./limit-schedule.ts";
import { parseRate } from "./rate.ts";

const MBIT = 125_000;
const firefox: LimitWish = {
  target: { kind: "application", pattern: "firefox" },
  rxBytesPerSecond: 5 * MBIT,
};

test("ruleOf() fills in what was not said", () => {
  assert.deepEqual(ruleOf(firefox, "l1", around()), {
    id: "l1",
    target: { kind: "application", pattern: "firefox" },
    rxBytesPerSecond: 625_000,
    txBytesPerSecond: null,
    block: false,
    rxGuaranteedBytesPerSecond: null,
    txGuaranteedBytesPerSecond: null,
    priority: 3,
    exceptLan: false,
    enabled: true,
    schedule: null,
    expiresAtMs: null,
    createdAtMs: 1_000_000,
  });
  assert.equal(ruleOf({ ...firefox, forMs: 3_600_000 }, "l1", around()).expiresAtMs, 4_600_000);
  assert.deepEqual(
    ruleOf({ ...firefox, target: { kind: "process", pid: 7 } }, "l1", around()).target,
    {
      kind: "process",
      pid: 7,
      startedAtMs: 500,
    },
  );
});

test("ruleOf() refuses rates that make no sense, and says why", () => {
  const refusals: [wish: Partial<LimitWish>, message: RegExp][] = [
    [
      { rxBytesPerSecond: 0 },
      /^Cannot add the limit: download: nothing would pass at all: block it instead$/,
    ],
    [{ txBytesPerSecond: -1 }, /upload: a rate cannot be negative/],
    [
      { rxBytesPerSecond: parseRate("1bit") ?? 0 },
      /download: 1 bit\/s is too little .*8\.00 kbit\/s or more/,
    ],
    [
      { rxBytesPerSecond: parseRate("1000Tbit") ?? 0 },
      /1000 Tbit\/s is more than any interface has: give 1\.00 Tbit\/s or less/,
    ],
    [{ rxBytesPerSecond: Number.NaN }, /a rate is a number/],
    [{ rxBytesPerSecond: "5mbit" as unknown as number }, /a rate is a number of bytes a second/],
    [{ rxBytesPerSecond: null }, /it would do nothing/],
    [{ block: true }, /it blocks and has a rate, which contradict each other/],
    [
      { rxGuaranteedBytesPerSecond: 6 * MBIT },
      /6\.00 Mbit\/s of download cannot be guaranteed under a cap of 5\.00 Mbit\/s/,
    ],
    [{ priority: 8 }, /priorities are 0 \(first\) to 7/],
    [{ forMs: 10 }, /duration: a temporary rule holds for a second at least/],
    [{ expiresAtMs: 5 }, /it would have ended already/],
    [{ forMs: 5_000, expiresAtMs: 9_000_000 }, /a duration and an end/],
    [{ schedule: [{ days: ["mon"], from: "09:00", to: "09:00" }] }, /is empty/],
    [{ schedule: [] }, /schedule: /],
    [{ surprise: 1 } as Partial<LimitWish>, /[Uu]nrecognized key/],
  ];
  for (const [wish, message] of refusals) {
    assert.throws(() => ruleOf({ ...firefox, ...wish }, "l1", around()), {
      code: "invalid",
      message,
    });
  }
});

test("ruleOf() refuses targets that mean nothing, everything or Monitauri itself", () => {
  const refusals: [target: unknown, message: RegExp][] = [
    [
      { kind: "application", pattern: "*" },
      /"\*" is every program, Monitauri too\. Limit the machine instead/,
    ],
    [{ kind: "application", pattern: "path:/*" }, /is every program/],
    [{ kind: "application", pattern: "??*" }, /is every program/],
    [{ kind: "application", pattern: "*auri*" }, /also means Monitauri itself/],
    [{ kind: "application", pattern: "/opt/*" }, /also means Monitauri itself/],
    [{ kind: "application", pattern: "" }, /the name of the application is missing/],
    [{ kind: "application", pattern: "a\u001b[2J" }, /control characters/],
    [{ kind: "interface", name: "lo" }, /loopback never leaves/],
    [{ kind: "interface", name: "eth0/../x" }, /neither blanks nor slashes/],
    [{ kind: "interface", name: "a-name-that-is-too-long" }, /15 characters at most/],
    [{ kind: "process", pid: 99 }, /there is no process 99/],
    [{ kind: "process", pid: -1 }, /Cannot add the limit/],
    [{ kind: "remote", network: "10.0.0.0/33" }, /neither an address nor a network/],
    [{ kind: "remote", network: "10.0.0.300" }, /neither an address nor a network/],
    [
      { kind: "remote", network: "example.org" },
      /names are not limited, as their addresses change .* write the address .*, or limit the program$/,
    ],
    [{ kind: "port", port: 70_000 }, /ports are 1 to 65535/],
    [{ kind: "planet" }, /say whose traffic is meant/],
    [undefined, /say whose traffic is meant/],
  ];
  for (const [target, message] of refusals) {
    const wish = { ...firefox, target } as LimitWish;
    assert.throws(
      () => ruleOf(wish, "l1", around()),
      { code: "invalid", message },
      JSON.stringify(target),
    );
  }
});

test("ruleOf() refuses what contradicts another rule, and one too many", () => {
  const l1 = ruleOf(firefox, "l1", around());
  assert.throws(() => ruleOf(firefox, "l2", around([l1])), {
    code: "invalid",
    message:
      /l1 limits firefox at the same time\. Change that one \(monitauri limit set l1 \.\.\.\)/,
  });
  const scheduled = (text: string) => ({ ...firefox, schedule: parseSchedule(text) });
  const day = ruleOf(scheduled("09:00-18:00"), "l1", around());
  assert.equal(ruleOf(scheduled("18:00-22:00"), "l2", around([day])).id, "l2");
  assert.throws(() => ruleOf(scheduled("17:00-22:00"), "l2", around([day])), { code: "invalid" });
  assert.equal(ruleOf(firefox, "l2", around([{ ...l1, enabled: false }])).id, "l2");
  assert.equal(ruleOf(firefox, "l2", around([{ ...l1, expiresAtMs: 999_999 }])).id, "l2");
  const full = Array.from({ length: MAX_LIMITS }, (_, i) => ({
    ...l1,
    id: `l${i}`,
    enabled: false,
  }));
  assert.throws(() => ruleOf(firefox, "l2", around(full)), {
    code: "busy",
    message: /there are 1000 already/,
  });
});

test("ruleOf() guarantees no more than the machine may have", () => {
  const machine = ruleOf(
    { target: { kind: "machine" }, txBytesPerSecond: 10 * MBIT },
    "l1",
    around(),
  );
  const share = (mbit: number): LimitWish => ({
    target: { kind: "unit", unit: "backup.service" },
    txGuaranteedBytesPerSecond: mbit * MBIT,
  });
  assert.equal(ruleOf(share(10), "l2", around([machine])).txGuaranteedBytesPerSecond, 10 * MBIT);
  assert.throws(() => ruleOf(share(11), "l2", around([machine])), {
    message:
      /11\.0 Mbit\/s of upload would be guaranteed, but the machine is capped at 10\.0 Mbit\/s/,
  });
});

test("changedRule() changes what is given and checks the whole", () => {
  const l1 = ruleOf({ ...firefox, txBytesPerSecond: MBIT }, "l1", around());
  const change = (parts: object) => changedRule(l1, parts, around([l1]));
  assert.deepEqual(change({ rxBytesPerSecond: 2 * MBIT }), { ...l1, rxBytesPerSecond: 2 * MBIT });
  assert.equal(change({ txBytesPerSecond: null }).txBytesPerSecond, null);
  const blocked = change({ block: true });
  assert.deepEqual(
    [blocked.block, blocked.rxBytesPerSecond, blocked.txBytesPerSecond],
    [true, null, null],
  );
  assert.equal(changedRule(blocked, { rxBytesPerSecond: MBIT }, around([blocked])).block, false);
  assert.equal(change({ forMs: 1_000 }).expiresAtMs, 1_001_000);
  assert.throws(() => change({ rxBytesPerSecond: null, txBytesPerSecond: null }), {
    message: /^Cannot change l1: it would do nothing/,
  });
  assert.throws(() => change({ target: { kind: "application", pattern: "*" } }), {
    code: "invalid",
  });
});

test("ruleWarnings() says what waits and what holds as well", () => {
  const machine = ruleOf({ target: { kind: "machine" }, rxBytesPerSecond: MBIT }, "l1", around());
  const l2 = ruleOf(firefox, "l2", around([machine]));
  assert.deepEqual(ruleWarnings(l2, around([machine, l2])), [
    "l1 caps the whole machine lower, which holds as well",
  ]);
  const gone = ruleOf({ ...firefox, target: { kind: "interface", name: "wg9" } }, "l3", around());
  assert.deepEqual(ruleWarnings(gone, around()), ["wg9 is not there now: the rule waits for it"]);
});

test("ruleWarnings() says how a rule about packets and one about their owner go together", () => {
  const app = ruleOf(firefox, "l1", around());
  const target = { kind: "remote", network: "203.0.113.0/24" } as const;
  const remote = ruleOf({ ...firefox, target }, "l2", around([app]));
  assert.match(
    ruleWarnings(remote, around([app, remote])).join(),
    /^what is under l1 too keeps to both, and has this cap for itself/,
  );
  assert.match(
    ruleWarnings(app, around([app, remote])).join(),
    /^what of l2 is under this rule keeps to both, and has the cap of l2 for itself/,
  );
  const other = ruleOf({ target, txBytesPerSecond: MBIT }, "l3", around());
  assert.deepEqual(ruleWarnings(other, around([app, other])), [], "of the other direction");
});

function around(rules: readonly LimitRule[] = []): LimitSurroundings {
  return {
    rules,
    atMs: 1_000_000,
    self: {
      key: "script:/opt/monitauri/dist/main.js",
      name: "monitauri (node)",
      path: "/opt/monitauri/dist/main.js",
    },
    interfaces: ["lo", "eth0"],
    startOf: (pid) => (pid === 7 ? 500 : undefined),
  };
}
