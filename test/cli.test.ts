// The command line as a program, against a daemon with made-up traffic: output, JSON, exit codes, messages.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ConnectionList } from "../src/model/monitauri.ts";
import { type Ended, MAIN, openCommands, type Program, start, startDaemon } from "./programs.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const data = join(folder, "data");
let daemon: Program;
const commands = openCommands();

before(async () => {
  daemon = startDaemon(data, 100);
  await daemon.says(/Ctrl-C stops/);
});
after(async () => {
  await commands[Symbol.asyncDispose]();
  daemon.child.kill();
  await daemon.ended;
  rmSync(folder, { recursive: true });
});

describe("with a daemon", () => {
  test("status and alert list say what alerts are quiet about on the first day, and which rule cannot work", async () => {
    await done("alert", "add", "--newcomer");
    await done("alert", "add", "--block-list", "/nonexistent/list");
    assert.match(
      (await done("alert", "list")).stdout,
      /^Learning new programs until \d{4}-.*, quiet/m,
    );
    let said = "";
    // The list is looked for with the next sample.
    for (let n = 0; n < 20 && !said.includes("ENOENT"); n += 1) {
      ({ stdout: said } = await done("status"));
    }
    assert.match(
      said,
      /^Alerts {6}1 of 2 rules active, 1 cannot work, 0 unread, 0 messages waiting$/m,
    );
    assert.match(said, /^Alerts: learning new programs until /m);
    assert.match(said, /^Alerts, rule r2: Cannot read the block list \/nonexistent\/list: ENOENT/m);
    await done("alert", "remove", "r1");
    await done("alert", "remove", "r2");
  });

  test("status", async () => {
    const { stdout } = await done("status");
    assert.match(stdout, /^Monitauri {3}0\.0\.0-test, pid \d+, /);
    assert.match(stdout, /^Now {9}8\.00 kbit\/s down, 800 bit\/s up$/m);
    assert.match(stdout, /^eth0 +physical .* 100\.0 % +-$/m);
    assert.match(stdout, /^Alerts {6}no rules$/m);
    assert.match((await done("status", "--bytes")).stdout, /^Now {9}1\.00 kB\/s down/m);
    assert.equal(JSON.parse((await done("status", "--json")).stdout).pid, daemon.child.pid);
  });

  test("--redact", async () => {
    for (const command of ["ps", "connections", "listeners", "status"]) {
      const plain = await done(command);
      const { stdout } = await done(command, "--redact");
      assert.doesNotMatch(stdout, /anna/, command);
      assert.equal(stdout.split("\n").length, plain.stdout.split("\n").length, command);
    }
    const addresses = async (...options: string[]) => {
      const { stdout } = await done("connections", "--json", ...options);
      const { connections } = JSON.parse(stdout) as ConnectionList;
      return connections.flatMap((one) => [one.localAddress, one.remoteAddress ?? "none"]);
    };
    const [plain, redacted] = [await addresses(), await addresses("--redact")];
    assert.deepEqual(
      redacted.filter((one) => one !== "127.0.0.1" && plain.includes(one)),
      [],
    );
    assert.equal(redacted.length, plain.length);
    const [row] = JSON.parse((await done("ps", "--redact", "--json", "user:anna")).stdout);
    assert.equal(row.user, "user1");
    assert.equal(row.rxBytesPerSecond, 1000, "numbers stay");
  });

  test("ps", async () => {
    const { stdout } = await done("ps");
    assert.match(
      stdout,
      /^APPLICATION +PID +USER +DOWN\/S +UP\/S +DOWN +UP +CONN +MOSTLY WITH\ncurl +2 procs +anna +8\.00 kbit\/s +800 bit\/s /,
    );
    const [row] = JSON.parse((await done("ps", "--json")).stdout);
    const promised =
      "application path pid user container unit rxBytes txBytes rxPayloadBytes txPayloadBytes rxBytesPerSecond txBytesPerSecond connections";
    for (const field of promised.split(" ")) assert.ok(field in row, field);
  });

  test("ps shows hostile names harmless, in text and in JSON", async () => {
    const { stdout } = await done("ps", "--by", "process");
    assert.ok(stdout.includes("evil\\x1b[31m"));
    assert.doesNotMatch(stdout, /\u001b/);
    assert.doesNotMatch((await done("ps", "--by", "process", "--json")).stdout, /\u001b/);
  });

  test("connections", async () => {
    const { stdout } = await done("connections", "--limit", "2");
    assert.match(
      stdout,
      /^tcp +192\.0\.2\.1:40000 +\[2001:db8::1\]:443 +- +established +curl +7 /m,
    );
    assert.match(stdout, /^2 of 3 connections\.$/m);
    assert.equal(JSON.parse((await done("connections", "--json")).stdout).count, 3);
  });

  test("listeners", async () => {
    const { stdout } = await done("listeners");
    assert.match(stdout, /^PROTO +LOCAL .*\ntcp +0\.0\.0\.0:22 +sshd +\S+ +9 +root/);
    assert.equal(JSON.parse((await done("listeners", "lport:22", "--json")).stdout).length, 1);
    assert.match((await done("listeners", "lport:>22")).stdout, /^Nothing listens that fits\.$/m);
  });

  test("words are a filter, with a dash in front the opposite of one", async () => {
    assert.match((await done("ps", "app:curl", "rate:>1kbit")).stdout, /^curl /m);
    assert.match((await done("ps", "rate:>1gbit")).stdout, /^Nothing to show/);
    assert.match((await done("ps", "-app:curl")).stdout, /^Nothing to show/);
    assert.match((await done("ps", "--filter", "!app:nobody")).stdout, /^curl /m);
    const { stdout } = await done("connections", "app:curl", "--filter", "port:443", "--json");
    assert.ok(JSON.parse(stdout).count > 0);
    assert.match((await done("connections", "port:1")).stdout, /^None of 3 connections fits\.$/m);
  });

  test("lists are sorted, turned round and cut", async () => {
    const pids = async (...args: string[]) =>
      JSON.parse((await done("ps", "--by", "process", "--json", ...args)).stdout).map(
        ({ pid }: { pid: number }) => pid,
      );
    assert.deepEqual(await pids("--sort", "pid"), [7, 8]);
    assert.deepEqual(await pids("--sort", "pid", "-r"), [8, 7]);
    assert.deepEqual(await pids("--sort", "pid", "-n", "1"), [7]);
  });

  test("ps --interface has totals of one interface and no rates", async () => {
    const { stdout } = await done("ps", "--interface", "eth0");
    assert.doesNotMatch(stdout, /DOWN\/S/);
    assert.match((await done("ps", "--interface", "none0")).stdout, /^Nothing to show/);
  });

  test("--watch goes on: blocks with a time for people, a line each for programs", async () => {
    const clock = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\nAPPLICATION .*\ncurl /m;
    const blocks = await watched(["ps", "--watch", "100ms"], /(curl[^]*){3}/);
    assert.match(blocks, clock);
    assert.doesNotMatch(blocks, /\u001b/);
    const lines = await watched(["connections", "-w", "100ms", "--json"], /(\n[^]*){3}/);
    for (const line of lines.split("\n").slice(0, 3)) assert.equal(JSON.parse(line).count, 3);
  });

  test("tokens are made, listed and removed", async () => {
    const made = await commands.run(data, ["token", "add", "grafana"]);
    assert.deepEqual([made.code, made.stdout.trim().length > 30], [0, true]);
    assert.match((await done("token", "list")).stdout, /^grafana .* never$/m);
    await done("token", "remove", "grafana");
    assert.match((await done("token", "list")).stdout, /^There are no tokens\.$/m);
  });

  test("top without a terminal says what to use instead", async () => {
    const { code, stdout, stderr } = await commands.run(data, ["top"]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /this is no terminal .*Use: monitauri ps --watch/);
  });

  test("alone it says what runs and what to do next", async () => {
    assert.match((await done()).stdout, /^It runs since .*\n\nNext:\n {2}monitauri top /m);
  });

  test("doctor", async () => {
    const { stdout } = await done("doctor");
    assert.match(stdout, /^limited eBPF collector: this is a test$/m);
    assert.match(stdout, /^flows +3 +100 +3\.0 % +new ones are folded$/m);
    assert.doesNotMatch(stdout, /No daemon/);
  });

  test("an error of the daemon ends with 1 and its message", async () => {
    const { code, stdout, stderr } = await commands.run(data, ["connections", "--limit", "4244"]);
    assert.deepEqual([code, stdout, stderr], [1, "", "monitauri: not here\n"]);
  });

  test("a reader that has enough is no error", async () => {
    const script = `"${process.execPath}" src/main.ts connections --json | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await bash(script, { MONITAURI_DATA: data });
    assert.deepEqual([stdout, stderr], ["{\n0\n", ""]);
  });
});

describe("without a daemon", () => {
  const nowhere = join(folder, "nowhere");

  test("a question ends with 3 and says where it looked and how to start one", async () => {
    const { code, stdout, stderr } = await commands.run(nowhere, ["ps"]);
    assert.deepEqual([code, stdout], [3, ""]);
    assert.ok(
      stderr.startsWith(
        `monitauri: No daemon is running: nothing answers at ${nowhere}/daemon.sock. `,
      ),
    );
    assert.match(stderr, /sudo npm start/);
  });

  test("--data is stronger than MONITAURI_DATA", async () => {
    const { code, stderr } = await commands.run(data, ["ps", "--data", nowhere]);
    assert.equal(code, 3);
    assert.ok(stderr.includes(nowhere));
  });

  test("alone it says how to start one", async () => {
    const { code, stdout } = await commands.run(nowhere, []);
    assert.equal(code, 0);
    assert.match(stdout, /^It does not run\.\n\nNext:\n {2}sudo monitauri start/m);
  });

  test("doctor looks for itself", async () => {
    const { code, stdout } = await commands.run(nowhere, ["doctor"]);
    assert.equal(code, 0);
    assert.match(stdout, /configuration: defaults \(.*nowhere\/config\.toml does not exist\)/);
    assert.match(stdout, /No daemon was asked/);
    const report = JSON.parse((await commands.run(nowhere, ["doctor", "--json"])).stdout);
    assert.equal(report.daemon, false);
  });
});

describe("usage", () => {
  const wrong: [args: string[], stderr: RegExp][] = [
    [["pss"], /unknown command 'pss'\n\(Did you mean ps\?\)/],
    [["ps", "--jsn"], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    [["ps", "--by", "planet"], /Allowed choices are application, process/],
    [["conections"], /\(Did you mean connections\?\)/],
    [["ps", "--sort", "size"], /Allowed choices are rate, down, up, total/],
    [["ps", "planet:x"], /Cannot filter by "planet": it is no field/],
    [["ps", "--watch", "curl"], /Give a time as 1s/],
    [["status", "extra"], /too many arguments/],
    [["connections", "--limit", "0"], /Give a number from 1 to 10000/],
    [["history", "tomorrow"], /"tomorrow" is no period/],
    [["history", "--by", "planet"], /Allowed choices are application, /],
    [["history", "--step", "soon"], /Give auto, or a time as 1min, 1h or 1d/],
    [["history", "--csv", "--json"], /Cannot print CSV with --json/],
    [["export", "--from", "2026-02-30"], /"2026-02-30" is no time/],
    [["export", "--format", "xml"], /Allowed choices are csv, jsonl/],
    [["import", "ntop", "-"], /Allowed choices are vnstat/],
    [["start", "--interval", "1ms"], /"1ms" is no interval between 100 ms and 1 min/],
    [["start", "--port", "65536"], /Give a number from 0 to 65535/],
  ];
  for (const [args, message] of wrong) {
    test(`"${args.join(" ")}" is wrong and ends with 2`, async () => {
      const { code, stdout, stderr } = await commands.run(data, args);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, message);
    });
  }

  test("--help and --version", async () => {
    const { stdout } = await done("--help");
    assert.match(stdout, /Examples:\n {2}sudo monitauri start/);
    for (const name of "start open top ps connections listeners history export import status doctor token filters".split(
      " ",
    ))
      assert.match((await done(name, "--help")).stdout, /Examples:\n {2}\S/, name);
    assert.match((await done("help", "filters")).stdout, /^ {2}rport +rport:443$/m);
    assert.match((await done("help", "ps")).stdout, /--by <kind>/);
    assert.match((await done("--version")).stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

async function done(...args: string[]): Promise<Ended> {
  const ended = await commands.run(data, args);
  assert.deepEqual([ended.code, ended.stderr], [0, ""]);
  return ended;
}

/** What a command that goes on has printed when it has said enough. */
async function watched(args: readonly string[], enough: RegExp): Promise<string> {
  const program = start([MAIN, ...args], { MONITAURI_DATA: data });
  await program.says(enough);
  program.child.kill();
  await program.ended;
  return program.stdout();
}

function bash(script: string, env: Record<string, string>): Promise<Ended> {
  const run = `const { spawnSync } = require("node:child_process");
    const { status } = spawnSync("bash", ["-c", ${JSON.stringify(script)}], { stdio: "inherit" });
    process.exitCode = status;`;
  return start(["-e", run], env).ended;
}
