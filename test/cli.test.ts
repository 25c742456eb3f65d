// The command line as a program, against a daemon with made-up traffic: output, JSON, exit codes, messages.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Ended, monitauri, type Program, start, startDaemon } from "./programs.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const data = join(folder, "data");
let daemon: Program;

before(async () => {
  daemon = startDaemon(data, 100);
  await daemon.says(/Ctrl-C stops/);
});
after(async () => {
  daemon.child.kill();
  await daemon.ended;
  rmSync(folder, { recursive: true });
});

describe("with a daemon", () => {
  test("status", async () => {
    const { stdout } = await done("status");
    assert.match(stdout, /^Monitauri {3}0\.0\.0-test, pid \d+, /);
    assert.match(stdout, /^Now {9}1\.00 kB\/s down, 100 B\/s up$/m);
    assert.match(stdout, /^eth0 +physical .* 100\.0 % +-$/m);
    assert.equal(JSON.parse((await done("status", "--json")).stdout).pid, daemon.child.pid);
  });

  test("ps", async () => {
    const { stdout } = await done("ps");
    assert.match(
      stdout,
      /^APPLICATION +PID +USER +DOWN\/S +UP\/S +DOWN +UP +CONN\ncurl +2 procs +anna +1\.00 kB\/s +100 B\/s /,
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
    assert.match(stdout, /^tcp +192\.0\.2\.1:40000 +\[2001:db8::1\]:443 +established +curl +7 /m);
    assert.match(stdout, /^2 of 3 connections\.$/m);
    assert.equal(JSON.parse((await done("connections", "--json")).stdout).count, 3);
  });

  test("doctor", async () => {
    const { stdout } = await done("doctor");
    assert.match(stdout, /^limited eBPF collector: this is a test$/m);
    assert.match(stdout, /^flows +3 +100 +3\.0 % +new ones are folded$/m);
    assert.doesNotMatch(stdout, /No daemon/);
  });

  test("an error of the daemon ends with 1 and its message", async () => {
    const { code, stdout, stderr } = await monitauri(data, ["connections", "--limit", "4244"]);
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
    const { code, stdout, stderr } = await monitauri(nowhere, ["ps"]);
    assert.deepEqual([code, stdout], [3, ""]);
    assert.ok(
      stderr.startsWith(
        `monitauri: No daemon is running: nothing answers at ${nowhere}/daemon.sock. `,
      ),
    );
    assert.match(stderr, /sudo npm start/);
  });

  test("--data is stronger than MONITAURI_DATA", async () => {
    const { code, stderr } = await monitauri(data, ["ps", "--data", nowhere]);
    assert.equal(code, 3);
    assert.ok(stderr.includes(nowhere));
  });

  test("doctor looks for itself", async () => {
    const { code, stdout } = await monitauri(nowhere, ["doctor"]);
    assert.equal(code, 0);
    assert.match(stdout, /configuration: defaults \(.*nowhere\/config\.toml does not exist\)/);
    assert.match(stdout, /No daemon was asked/);
    const report = JSON.parse((await monitauri(nowhere, ["doctor", "--json"])).stdout);
    assert.equal(report.daemon, false);
  });
});

describe("usage", () => {
  const wrong: [args: string[], stderr: RegExp][] = [
    [["pss"], /unknown command 'pss'\n\(Did you mean ps\?\)/],
    [["ps", "--jsn"], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    [["ps", "--by", "planet"], /Allowed choices are application, process/],
    [["ps", "extra"], /too many arguments/],
    [["connections", "--limit", "0"], /Give a number from 1 to 10000/],
    [["start", "--interval", "1ms"], /"1ms" is no interval between 100 ms and 1 min/],
    [["start", "--port", "1"], /unknown option '--port'/],
    [[], /^Usage: monitauri/],
  ];
  for (const [args, message] of wrong) {
    test(`"${args.join(" ")}" is wrong and ends with 2`, async () => {
      const { code, stdout, stderr } = await monitauri(data, args);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, message);
    });
  }

  test("--help and --version", async () => {
    const { stdout } = await done("--help");
    assert.match(stdout, /Examples:\n {2}sudo monitauri start/);
    assert.match((await done("ps", "--help")).stdout, /Examples:/);
    assert.match((await done("help", "ps")).stdout, /--by <kind>/);
    assert.match((await done("--version")).stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

async function done(...args: string[]): Promise<Ended> {
  const ended = await monitauri(data, args);
  assert.deepEqual([ended.code, ended.stderr], [0, ""]);
  return ended;
}

function bash(script: string, env: Record<string, string>): Promise<Ended> {
  const run = `const { spawnSync } = require("node:child_process");
    const { status } = spawnSync("bash", ["-c", ${JSON.stringify(script)}], { stdio: "inherit" });
    process.exitCode = status;`;
  return start(["-e", run], env).ended;
}
