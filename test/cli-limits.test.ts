// `limit` and `quota` as programs, against a daemon with made-up traffic: output, JSON, exit codes, messages.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Ended, MAIN, openCommands, type Program, start, startDaemon } from "./programs.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const data = join(folder, "data");
let daemon: Program;
const commands = openCommands();

before(begin);
after(async () => {
  await commands[Symbol.asyncDispose]();
  daemon.child.kill();
  await daemon.ended;
  rmSync(folder, { recursive: true });
});

describe("limit", () => {
  test("add says what holds, list shows target against achieved", async () => {
    const added = await done("limit", "add", "--app", "curl", "--down", "5mbit", "--up", "1mbit");
    assert.equal(added, "l1: curl down 5.00 Mbit/s, up 1.00 Mbit/s\n");
    const list = await done("limit", "list");
    assert.match(list, /^ID +LIMIT +DOWN +NOW +UP +NOW +STATE +DROPS +WAITING/);
    assert.match(
      list,
      /^l1 +curl +5\.00 Mbit\/s +5\.00 Mbit\/s +1\.00 Mbit\/s +1\.00 Mbit\/s +active +0 +0 B +always +curl/m,
    );
    assert.match(await done("limit", "list", "--bytes"), /^l1 +curl +625 kB\/s/m);
    const { limits } = JSON.parse(await done("limit", "list", "--json"));
    assert.deepEqual([limits[0].rule.id, limits[0].rule.rxBytesPerSecond], ["l1", 625_000]);
  });

  test("add takes every kind of target, schedule and end", async () => {
    const wish = ["--user", "ada", "--block", "--when", "mon-fri 09:00-18:00", "--for", "1h"];
    const { rule } = JSON.parse(await done("limit", "add", ...wish, "--json"));
    assert.deepEqual(
      [rule.target, rule.block, rule.schedule[0].from, rule.expiresAtMs - rule.createdAtMs],
      [{ kind: "user", user: "ada" }, true, "09:00", 3_600_000],
    );
    const more = await done(
      "limit",
      "add",
      "--port",
      "443/tcp",
      "--up",
      "800kbit",
      "--except-lan",
      "--priority",
      "1",
    );
    assert.match(
      more,
      /^l3: port 443\/tcp up 800 kbit\/s, except LAN\nNote: what is under l1 too keeps to both/,
    );
    await done("limit", "remove", rule.id, "l3");
  });

  test("--dry-run says what would be done and does nothing", async () => {
    const text = await done("limit", "add", "--machine", "--down", "50mbit", "--dry-run");
    assert.match(
      text,
      /^l4: this machine down 50\.0 Mbit\/s\nlimit l1 application\nlimit l4 machine\n$/,
    );
    assert.equal(JSON.parse(await done("limit", "list", "--json")).limits.length, 1);
  });

  test("set changes what is given, off and on", async () => {
    assert.equal(
      await done("limit", "set", "l1", "--down", "2mbit", "--up", "none"),
      "l1: curl down 2.00 Mbit/s\n",
    );
    assert.equal(await done("limit", "set", "l1", "--off"), "l1: curl down 2.00 Mbit/s (off)\n");
    assert.match(await done("limit", "list"), /^l1 .* disabled /m);
    await done("limit", "set", "l1", "--on");
  });

  test("wrong use is 2, what is not there is 1, and each says what to do", async () => {
    for (const [args, code, message] of [
      [["add", "--app", "curl"], 2, /it would do nothing\. Give a rate as --down 5mbit/],
      [["add", "--app", "curl", "--down", "5"], 2, /5 of what\? Write 5mbit/],
      [
        ["add", "--app", "curl", "--down", "0mbit"],
        2,
        /nothing would pass at all: block it instead/,
      ],
      [["add", "--app", "curl", "--down", "1bit"], 2, /too little to pass a packet in time/],
      [["add", "--app", "curl", "--down", "1000Tbit"], 2, /more than any interface has/],
      [["add", "--app", "*", "--down", "5mbit"], 2, /every program, Monitauri too/],
      [["add", "--down", "5mbit"], 2, /Cannot tell whose traffic is meant/],
      [
        ["add", "--remote", "example.org", "--down", "5mbit"],
        2,
        /names are not limited, .* write the address \(monitauri connections shows it\), or limit the program/,
      ],
      [["add", "--app", "curl", "--down", "5mbit"], 2, /l1 limits curl at the same time/],
      [
        ["add", "--user", "ada", "--down", "5mbit", "--when", "whenever"],
        2,
        /Write it as "mon-fri 09:00-18:00"/,
      ],
      [["set", "l1"], 2, /nothing is given/],
      [["set", "l9", "--down", "5mbit"], 1, /There is no limit l9\. See: monitauri limit list/],
      [["remove", "l9"], 1, /There is no limit l9/],
    ] as const) {
      const { code: ended, stderr, stdout } = await commands.run(data, ["limit", ...args]);
      assert.deepEqual([ended, stdout], [code, ""], args.join(" "));
      assert.match(stderr, message);
    }
    assert.equal(JSON.parse(await done("limit", "list", "--json")).limits.length, 1);
  });

  test("a change of one's own session has to be confirmed", async () => {
    const via = { SSH_CONNECTION: "198.51.100.7 50000 192.0.2.1 22", MONITAURI_DATA: data };
    const ended = await start([MAIN, "limit", "add", "--port", "22", "--down", "1mbit"], via).ended;
    assert.equal(ended.code, 0);
    assert.match(
      ended.stderr,
      /^This touches the session that you are in: it is taken back in 15 s unless/,
    );
    const [, id = ""] = /^(l\d+): port 22/.exec(ended.stdout) ?? [];
    assert.match(
      await done("limit", "list"),
      new RegExp(`^${id}: taken back in .* unless confirmed: monitauri limit confirm ${id}$`, "m"),
    );
    await done("limit", "confirm", id);
    assert.doesNotMatch(await done("limit", "list"), /taken back/);
    assert.equal(await done("limit", "confirm"), "Nothing waits for a confirmation.\n");
    await done("limit", "remove", id);
  });

  test("--help has examples", async () => {
    for (const args of [
      ["limit"],
      ["limit", "add"],
      ["limit", "list"],
      ["quota"],
      ["quota", "add"],
    ]) {
      assert.match(
        await done(...args, "--help"),
        /Examples:\n {2}monitauri (limit|quota) /,
        args.join(" "),
      );
    }
  });
});

describe("quota", () => {
  test("add, list, set and remove", async () => {
    const steps = [
      "--step",
      "80%:notify",
      "--step",
      "100%:throttle:1mbit/500kbit",
      "--step",
      "120%:block",
    ];
    const added = await done(
      "quota",
      "add",
      "--app",
      "curl",
      "--bytes",
      "20GB",
      "--per",
      "week",
      ...steps,
    );
    assert.equal(
      added,
      "q1: curl 20.0 GB a week, 80%:notify 100%:throttle:1.00 Mbit/s/500 kbit/s 120%:block\n",
    );
    assert.match(
      await done("quota", "list"),
      /^q1 +curl +week +\S+ [kM]?B +20\.0 GB +0 % +under /m,
    );
    const changed = JSON.parse(await done("quota", "set", "q1", "--override-today", "--json"));
    assert.ok(changed.overriddenUntilMs > Date.now());
    assert.equal(JSON.parse(await done("quota", "list", "--json"))[0].state, "overridden");
    const tried = ["quota", "add", "--machine", "--bytes", "1GB", "--per", "day", "--dry-run"];
    assert.match(
      await done(...tried),
      /^q2: this machine 1\.00 GB a day, .*\n.*%\) is used since .*; it begins anew .*\n(Note: .*\n)?Nothing would be done now\.\n$/,
    );
    const billed = await done("quota", "add", "--machine", "--bytes", "1.5TB", "--start-day", "31");
    assert.match(
      billed,
      /^q2: this machine 1\.50 TB a billing cycle from day 31, 80%:notify 100%:notify\n$/,
    );
    await done("quota", "remove", "q1", "q2");
    assert.match(await done("quota", "list"), /^There are no quotas/);
  });

  test("wrong use says what is wanted", async () => {
    for (const [args, message] of [
      [["add", "--machine", "--bytes", "10"], /Write an amount as 100GB/],
      [["add", "--machine"], /Cannot count without a number/],
      [["add", "--bytes", "1GB"], /Cannot tell what to count/],
      [
        ["add", "--machine", "--bytes", "1GB", "--step", "100%:explode"],
        /Write a step as 80%:notify/,
      ],
      [["add", "--machine", "--bytes", "1kB"], /a quota is 1\.00 MB or more/],
    ] as const) {
      const { code, stderr } = await commands.run(data, ["quota", ...args]);
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, message);
    }
  });
});

describe("rules and the daemon's life", () => {
  test("they survive SIGKILL, and clear works without a daemon", async () => {
    daemon.child.kill("SIGKILL");
    await daemon.ended;
    await begin();
    assert.match(await done("limit", "list"), /^l1 +curl +2\.00 Mbit\/s/m);
    daemon.child.kill("SIGKILL");
    await daemon.ended;
    const cleared = JSON.parse(await done("limit", "clear", "--json"));
    assert.equal(cleared.count, 1);
    assert.equal(JSON.parse(readFileSync(join(data, "limits.json"), "utf8")).rules.length, 0);
    await begin();
    assert.match(await done("limit", "list"), /^There are no limits/);
    assert.equal(await done("limit", "clear"), "Removed 0 rules.\n");
  });

  test("clear of a folder that is not there makes none", async () => {
    const nowhere = join(folder, "nowhere");
    const { code } = await commands.run(nowhere, ["limit", "clear"]);
    assert.deepEqual([code, existsSync(nowhere)], [0, false]);
    assert.equal((await commands.run(nowhere, ["limit", "list"])).code, 3);
  });
});

async function begin(): Promise<void> {
  daemon = startDaemon(data, 100);
  await daemon.says(/Ctrl-C stops/);
}

async function done(...args: string[]): Promise<string> {
  const ended: Ended = await commands.run(data, args);
  assert.equal(ended.code, 0, `${args.join(" ")}: ${ended.stderr}`);
  return ended.stdout;
}
