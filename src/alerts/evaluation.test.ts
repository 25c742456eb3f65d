// What fires when, over simulated time: no test waits, and all of it is the same each time.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseBlockList } from "./block-list.ts";
import { LEARNING_MS } from "./evaluate-newcomer.ts";
import { MAX_TICK_EVENTS } from "./evaluation.ts";
import { createWorld, detailOf, factsAt, program, ruleOf } from "./scripted-facts.ts";

const START = new Date(2026, 10, 2, 12, 0).getTime();
const MBIT = 125_000;
const FIREFOX = { kind: "application", match: "firefox" } as const;
const HOT = { kind: "rate", bytesPerSecond: 10 * MBIT, direction: "rx", forMs: 30_000 } as const;

describe("a rate", () => {
  const rule = ruleOf("r1", { condition: HOT, scope: FIREFOX, coolDownMs: 60_000 });

  function run(rates: readonly number[], world = createWorld({ rules: [rule] })) {
    rates.forEach((mbit, second) => {
      const applications =
        mbit === 0 ? [] : [program("firefox", mbit * MBIT), program("curl", 99 * MBIT)];
      world.take(factsAt(START + second * 1_000, { applications }));
    });
    return world;
  }
  const seconds = (count: number, mbit: number) => new Array<number>(count).fill(mbit);

  test("fires after it has been above for as long as is said, once, with what was measured", () => {
    assert.equal(run(seconds(29, 20)).events.length, 0);
    const { events } = run(seconds(200, 20));
    assert.equal(events.length, 1);
    const [event] = events;
    assert.equal(event?.atMs, START + 29_000);
    assert.equal(event?.title, "firefox receives 20.0 Mbit/s");
    assert.equal(
      event?.text,
      "firefox receives 20.0 Mbit/s, more than 10.0 Mbit/s. It has been more than 10.0 Mbit/s for 30 s.",
    );
    assert.deepEqual(event?.subject, {
      kind: "application",
      key: "path:/usr/bin/firefox",
      name: "firefox",
    });
    assert.equal(event?.measure.bytesPerSecond, 20 * MBIT);
    assert.equal(event?.state, "ongoing");
    assert.equal(event?.series.rxBytesPerSecond.length, 30);
    assert.deepEqual(
      event?.causes.map(({ name }) => name),
      ["firefox", "curl"],
    );
  });

  test("one quiet second begins the time anew, and of nobody else anything is said", () => {
    assert.equal(run([...seconds(29, 20), 1, ...seconds(29, 20)]).events.length, 0);
  });

  test("ends only below the threshold by the hysteresis, for as long, and may then fire again after the cool-down", () => {
    const between = run([...seconds(40, 20), ...seconds(120, 9.5)]);
    assert.deepEqual([between.events.length, between.ended.length], [1, 0]);
    const over = run([...seconds(40, 20), ...seconds(31, 8), ...seconds(31, 20)]);
    assert.deepEqual([over.events.length, over.ended], [2, ["test-1"]]);
    const cooling = run([...seconds(31, 20), ...seconds(30, 8), ...seconds(28, 20)]);
    assert.equal(cooling.events.length, 1);
  });

  test("who is silent ends it too", () => {
    const { ended } = run([...seconds(31, 20), ...seconds(30, 0)]);
    assert.deepEqual(ended, ["test-1"]);
  });

  test("below wants traffic from somebody who has none", () => {
    const below = ruleOf("r1", {
      condition: { ...HOT, comparison: "below", forMs: 5_000 },
      scope: FIREFOX,
    });
    const world = run(seconds(10, 0), createWorld({ rules: [below] }));
    assert.deepEqual(
      world.events.map(({ title }) => title),
      ["firefox receives 0 bit/s"],
    );
  });

  test("time that was not watched is no evidence, and gives no rate", () => {
    const world = createWorld({ rules: [rule] });
    const applications = [program("firefox", 20 * MBIT)];
    for (let n = 0; n < 20; n += 1) world.take(factsAt(START + n * 1_000, { applications }));
    world.take(
      factsAt(START + 3_600_000, { applications, intervalMs: 3_580_000, isAfterGap: true }),
    );
    for (let n = 1; n < 29; n += 1)
      world.take(factsAt(START + 3_600_000 + n * 1_000, { applications }));
    assert.equal(world.events.length, 0);
  });

  test("a clock that is set back makes a cool-down no longer than it is", () => {
    const world = createWorld({ rules: [{ ...rule, hysteresisShare: 0 }] });
    const play = (fromMs: number, mbit: number, count: number) => {
      const applications = [program("firefox", mbit * MBIT)];
      for (let n = 0; n < count; n += 1) world.take(factsAt(fromMs + n * 1_000, { applications }));
    };
    play(START, 20, 40);
    play(START - 86_400_000, 1, 31);
    play(START - 86_400_000 + 31_000, 20, 70);
    assert.equal(world.events.length, 2);
  });

  test("a snoozed rule keeps quiet and speaks when the snooze is over; one that is off ends", () => {
    const world = createWorld({ rules: [{ ...rule, snoozedUntilMs: START + 60_000 }] });
    run(seconds(59, 20), world);
    assert.equal(world.events.length, 0);
    world.take(factsAt(START + 60_000, { applications: [program("firefox", 20 * MBIT)] }));
    assert.equal(world.events.length, 1);
    world.setRules([{ ...rule, enabled: false }], START + 61_000);
    assert.deepEqual(world.ended, ["test-1"]);
  });

  test("rules for every program, users and interfaces each find their own", () => {
    const rules = [
      ruleOf("r1", { condition: { ...HOT, forMs: 0 }, scope: { kind: "application", match: "*" } }),
      ruleOf("r2", { condition: { ...HOT, forMs: 0 }, scope: { kind: "user", match: "ada" } }),
      ruleOf("r3", {
        condition: { ...HOT, forMs: 0 },
        scope: { kind: "interface", match: "eth0" },
      }),
      ruleOf("r4", { condition: { ...HOT, forMs: 0 }, scope: { kind: "container", match: "*" } }),
      ruleOf("r5", { condition: { ...HOT, forMs: 0 } }),
    ];
    const world = createWorld({ rules });
    world.take(
      factsAt(START, {
        applications: [program("curl", 20 * MBIT), program("ssh", MBIT)],
        interfaces: [{ key: "eth0", name: "eth0", rxBytes: 21 * MBIT, txBytes: 0 }],
        details: [
          detailOf("curl", { user: "ada", container: "web", rxBytes: 20 * MBIT }),
          detailOf("ssh", { user: "bob", rxBytes: MBIT }),
          detailOf("ssh", { user: "bob", scope: "loopback", rxBytes: 99 * MBIT }),
        ],
      }),
    );
    assert.deepEqual(
      world.events.map(({ ruleId, subject }) => `${ruleId} ${subject.name}`).sort(),
      ["r1 curl", "r2 ada", "r3 eth0", "r4 web", "r5 this computer"],
    );
  });
});

describe("a volume", () => {
  const rule = ruleOf("r1", {
    condition: { kind: "volume", period: "day", capBytes: 1_000, percentages: [50, 80, 100] },
    scope: FIREFOX,
  });
  const move = (bytes: number) => ({ applications: [program("firefox", bytes)] });

  test("tells each percentage once a day, of several at once the highest", () => {
    const world = createWorld({ rules: [rule] });
    for (let n = 0; n < 120; n += 1) world.take(factsAt(START + n * 1_000, move(10)));
    assert.deepEqual(
      world.events.map(({ title }) => title),
      [
        "firefox has moved 50 % of 1.00 kB today",
        "firefox has moved 80 % of 1.00 kB today",
        "firefox has moved 100 % of 1.00 kB today",
      ],
    );
    const tomorrow = START + 86_400_000;
    world.take(factsAt(tomorrow, move(900)));
    assert.equal(world.events.at(-1)?.title, "firefox has moved 80 % of 1.00 kB today");
  });

  test("goes on from what the history had, and adds nothing twice", () => {
    const bases = () => [
      { key: program("firefox", 0).key, name: "firefox", rxBytes: 490, txBytes: 0 },
    ];
    const world = createWorld({ rules: [rule], bases });
    world.take(factsAt(START, move(5)));
    world.take(factsAt(START + 1_000, move(4)));
    assert.equal(world.events.length, 0);
    world.take(factsAt(START + 2_000, move(6)));
    assert.equal(world.events[0]?.measure.bytes, 500);
  });

  test("says nothing again after a restart or when the clock is set back over midnight", () => {
    const bases = () => [
      { key: program("firefox", 0).key, name: "firefox", rxBytes: 600, txBytes: 0 },
    ];
    const world = createWorld({ rules: [rule], bases });
    world.take(factsAt(START, move(1)));
    world.take(factsAt(START + 1_000, move(1)));
    assert.equal(world.events.length, 1);
    for (const atMs of [START + 2_000, START + 86_400_000, START + 5_000, START - 86_400_000]) {
      world.restart();
      world.take(factsAt(atMs, move(1)));
      world.take(factsAt(atMs + 1_000, move(1)));
    }
    assert.deepEqual(
      world.events.map(({ atMs }) => atMs),
      [START + 1_000, START + 86_400_000 + 1_000],
    );
  });

  test("of another program goes on from what the history had of it", () => {
    const bases = () =>
      ["firefox", "curl"].map((name) => ({ ...program(name, 700), key: program(name, 0).key }));
    const world = createWorld({ rules: [rule], bases });
    const both = { applications: [program("firefox", 1), program("curl", 1)] };
    world.take(factsAt(START, both));
    world.take(factsAt(START + 1_000, both));
    const other = { ...rule, scope: { kind: "application", match: "curl" } } as const;
    world.setRules([other], START + 2_000);
    world.take(factsAt(START + 2_000, both));
    world.take(factsAt(START + 3_000, both));
    assert.deepEqual(
      world.events.map(({ subject, measure }) => [subject.name, measure.bytes]),
      [
        ["firefox", 701],
        ["curl", 701],
      ],
    );
  });

  test("another cap is another question, and a snooze only puts it off", () => {
    const world = createWorld({ rules: [{ ...rule, snoozedUntilMs: START + 10_000 }] });
    world.take(factsAt(START, move(600)));
    world.take(factsAt(START + 1_000, move(1)));
    assert.equal(world.events.length, 0);
    world.take(factsAt(START + 10_000, move(1)));
    assert.equal(world.events.length, 1);
    const { scope, condition } = rule;
    const larger = ruleOf("r1", { scope, condition: { ...condition, capBytes: 1_100 } });
    world.setRules([larger], START + 11_000);
    world.take(factsAt(START + 12_000, move(1)));
    assert.equal(world.events.length, 2);
  });
});

describe("newcomers", () => {
  const rule = ruleOf("r1", { condition: { kind: "newcomer" } });
  const use = (...names: string[]) => ({ applications: names.map((name) => program(name, 1)) });

  test("on the first day everything is learned silently, then a new program is told of once", () => {
    const world = createWorld({ rules: [rule], knows: false });
    world.take(factsAt(START, use("firefox", "ssh")));
    world.take(factsAt(START + LEARNING_MS + 1, use("firefox")));
    assert.equal(world.events.length, 0);
    world.take(factsAt(START + LEARNING_MS + 2, use("nc", "firefox")));
    world.restart();
    world.take(factsAt(START + LEARNING_MS + 3, use("nc", "firefox")));
    assert.deepEqual(
      world.events.map(({ text }) => text),
      ["nc uses the network for the first time (/usr/bin/nc)."],
    );
  });

  test("what the history knows is nothing new", () => {
    const world = createWorld({ rules: [rule], knows: false });
    const changes = new Map<string, unknown>();
    world.evaluation.know([program("ssh", 0).key], true, changes);
    assert.equal(changes.get("learning"), 0);
    const complete = createWorld({ rules: [rule] });
    complete.evaluation.know([program("ssh", 0).key], true, new Map());
    complete.take(factsAt(START, use("ssh", "nc")));
    assert.deepEqual(
      complete.events.map(({ subject }) => subject.name),
      ["nc"],
    );
  });

  test("a program that is another file than before is told with the reason", () => {
    const world = createWorld({ rules: [rule] });
    world.evaluation.know([program("curl", 0).key], true, new Map());
    const file = (identity: string) => ({
      ...use("curl"),
      executables: [
        {
          key: program("curl", 0).key,
          path: "/usr/bin/curl",
          identity,
          sizeBytes: 300_000,
          changedAtMs: START,
        },
      ],
    });
    for (const identity of ["1:2", "1:2", "1:3", "1:3"]) world.take(factsAt(START, file(identity)));
    assert.equal(world.events.length, 1);
    assert.match(
      world.events[0]?.text ?? "",
      /^\/usr\/bin\/curl is another file than when curl last used the network: 300 kB, changed on 2026-11-02/,
    );
  });

  test("traffic without a process is no program", () => {
    const world = createWorld({ rules: [rule] });
    const row = { key: "remainder:kernel", name: "kernel", rxBytes: 1, txBytes: 1 };
    world.take(factsAt(START, { applications: [row] }));
    assert.equal(world.events.length, 0);
  });
});

test("a first contact is told after the program's first day, once for each country and network", () => {
  const rule = ruleOf("r1", { condition: { kind: "first-contact" } });
  const world = createWorld({ rules: [rule] });
  const talk = (atMs: number, country: string, network: string) =>
    world.take(
      factsAt(atMs, {
        applications: [program("curl", 1)],
        details: [detailOf("curl", { country, network })],
      }),
    );
  talk(START, "DE", "AS1 One");
  const later = START + 2 * 86_400_000;
  talk(later, "DE", "AS1 One");
  assert.equal(world.events.length, 0);
  talk(later + 1_000, "FR", "AS2 Two");
  world.restart();
  talk(later + 2_000, "FR", "AS2 Two");
  assert.deepEqual(
    world.events.map(({ title }) => title),
    ["curl talks to France for the first time", "curl talks to AS2 Two for the first time"],
  );
});

test("a block list: once for each program and remote, again only after it was quiet", () => {
  const { match } = parseBlockList(
    "# bad\n198.51.100.0/24\n0.0.0.0 ads.example\n||tracker.example^\n",
  );
  const rule = ruleOf("r1", {
    condition: { kind: "block-list", list: "/etc/bad.txt" },
    coolDownMs: 60_000,
  });
  const world = createWorld({ rules: [rule], lists: () => match });
  const talk = (atMs: number, remote: string, address: string) =>
    world.take(
      factsAt(atMs, {
        applications: [program("curl", 1)],
        details: [detailOf("curl", { remote, address, user: "ada" })],
      }),
    );
  for (let n = 0; n < 200; n += 1) talk(START + n * 1_000, "198.51.100.7", "198.51.100.7");
  talk(START + 200_000, "a.tracker.example", "192.0.2.9");
  talk(START + 201_000, "good.example", "192.0.2.10");
  assert.deepEqual(
    world.events.map(({ text }) => text),
    [
      "curl has a connection with 198.51.100.7, port 443, as user ada. /etc/bad.txt lists 198.51.100.7, in a network of /24.",
      "curl has a connection with a.tracker.example, port 443, as user ada. /etc/bad.txt lists tracker.example.",
    ],
  );
  talk(START + 270_000, "198.51.100.7", "198.51.100.7");
  assert.equal(world.events.length, 3);
});

test("a thousand alerts in a tick are bounded, and names of hostile processes stay text", () => {
  const rule = ruleOf("r1", {
    condition: { ...HOT, forMs: 0 },
    scope: { kind: "application", match: "*" },
  });
  const world = createWorld({ rules: [rule] });
  const hostile = '<img src=x onerror="alert(1)">\\x0d\\x0aBcc: evil@example.org';
  const applications = Array.from({ length: 3_000 }, (_, n) =>
    program(`${hostile} ${n}`, 20 * MBIT),
  );
  world.take(factsAt(START, { applications }));
  assert.equal(world.events.length, MAX_TICK_EVENTS);
  assert.ok(world.events[0]?.title.startsWith(hostile));
  assert.ok(world.events.every(({ title }) => !/[\r\n]/.test(title)));
  world.take(factsAt(START + 1_000, { applications }));
  world.take(factsAt(START + 2_000, { applications }));
  world.take(factsAt(START + 3_000, { applications }));
  assert.equal(world.events.length, 3_000);
  assert.equal(new Set(world.events.map(({ id }) => id)).size, 3_000);
});
