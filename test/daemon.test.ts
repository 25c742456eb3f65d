// The daemon as a process: signals, a second one, what a killed one leaves, and a sampling thread that dies.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { connectDaemon } from "../src/cli/connect.ts";
import type { Monitauri, Status } from "../src/model/monitauri.ts";
import { type Program, startDaemon } from "./programs.ts";

const READY = /Ctrl-C stops/;
let folder: string;
let data: string;
let programs: Program[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
  data = join(folder, "data");
  programs = [];
});
afterEach(async () => {
  for (const { child } of programs) child.kill("SIGKILL");
  await Promise.all(programs.map(({ ended }) => ended));
  rmSync(folder, { recursive: true });
});

describe("the daemon", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`says what it does, stops on ${signal} with what it counted, and leaves its history alone`, async () => {
      const daemon = await ready();
      assert.match(
        daemon.stdout(),
        /^Monitauri 0\.0\.0-test\nCounting: scripted, made-up traffic; every 100 ms\n/,
      );
      assert.ok(daemon.stdout().includes(`Socket:   ${data}/daemon.sock\n`));
      daemon.child.kill(signal);
      const { code, stdout } = await daemon.ended;
      assert.equal(code, 0);
      assert.match(
        stdout,
        /\nStopped after .*: [\d.]+ .?B down, [\d.]+ .?B up counted; history saved\n$/,
      );
      assert.deepEqual(readdirSync(data), ["alerts.journal", "history.db"]);
    });
  }

  test("says in two lines what is missing", async () => {
    const daemon = await ready();
    await daemon.says(/To get it: .*\n/);
    assert.match(
      daemon.stderr(),
      /^Limited: no eBPF collector: this is a test\.\nTo get it: .+\n$/,
    );
  });

  test("ends at once on the second Ctrl-C", async () => {
    const daemon = await ready();
    await hang();
    daemon.child.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 400)); // longer than one press lasts
    daemon.child.kill("SIGINT");
    assert.equal((await daemon.ended).code, 130);
  });

  test("stops in time when the sampling thread hangs", async () => {
    const daemon = await ready();
    await hang();
    daemon.child.kill("SIGTERM");
    const { code, stdout } = await daemon.ended;
    assert.equal(code, 0);
    assert.match(stdout, /Stopped after/);
  });

  test("refuses to share its data with a second one, and goes on itself", async () => {
    const first = await ready();
    const second = launch();
    const { code, stdout, stderr } = await second.ended;
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(
      stderr,
      new RegExp(
        `^monitauri: Cannot start: another Monitauri \\(pid ${first.child.pid}\\) is running`,
      ),
    );
    assert.match(stderr, /--data/);
    assert.equal((await client().status()).pid, first.child.pid);
  });

  test("takes over after one that was killed", async () => {
    const killed = await ready();
    killed.child.kill("SIGKILL");
    await killed.ended;
    assert.ok(existsSync(join(data, "daemon.sock")), "a killed daemon leaves its socket");
    const next = await ready();
    assert.equal((await client().status()).pid, next.child.pid);
  });

  test("says why it cannot start, and leaves nothing", async () => {
    writeFileSync(data, "a file");
    const { code, stderr } = await launch().ended;
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^monitauri: Cannot make the folder .*: there is a file of that name\. Choose another/,
    );
    assert.deepEqual(readdirSync(folder), ["data"]);
  });

  test("does not start with a configuration that it does not understand", async () => {
    mkdirSync(data);
    writeFileSync(join(data, "config.toml"), "intervalMs = 1\n");
    const { code, stderr } = await launch().ended;
    assert.equal(code, 1);
    assert.match(stderr, /^monitauri: Cannot use .*config\.toml: intervalMs: /);
    assert.deepEqual(readdirSync(data), ["config.toml"]);
  });

  test("reads the configuration again on SIGHUP, counts on, and keeps the old one if the new is wrong", async () => {
    mkdirSync(data);
    const config = join(data, "config.toml");
    writeFileSync(config, "intervalMs = 200\n");
    const daemon = startDaemon(data);
    programs.push(daemon);
    await daemon.says(READY);
    const before = await client().status();
    assert.equal(before.intervalMs, 200);

    writeFileSync(config, "intervalMs = 100\n");
    daemon.child.kill("SIGHUP");
    await daemon.says(/configuration read again: every 100 ms/);
    const then = await client().status();
    assert.equal(then.intervalMs, 100);
    await until((status) => status.total.rxBytes > before.total.rxBytes);

    writeFileSync(config, "intervalMs = 'fast'\n");
    daemon.child.kill("SIGHUP");
    await daemon.says(/intervalMs: .*The old configuration stays/);
    assert.equal((await client().status()).intervalMs, 100);
  });

  test("starts the sampling thread anew when it dies, goes on counting and records the gap", async () => {
    const daemon = await ready();
    const before = await until(({ total }) => total.rxBytes >= 3000);
    await client().connections({ limit: 4242 });
    await daemon.says(/sampling stopped: made to crash; starting it again in 0\.5 s/);
    const dead = await client().status();
    assert.deepEqual([dead.threads[0]?.state, dead.rxBytesPerSecond], ["restarting", 0]);
    await assert.rejects(client().ps(), { code: "failed", message: /starting again/ });

    const after = await until(({ threads }) => threads[0]?.state === "running");
    assert.ok(after.total.rxBytes > before.total.rxBytes, "totals never go back");
    assert.equal(after.threads[0]?.restarts, 1);
    assert.equal(after.threads[0]?.lastError, "made to crash");
    assert.equal(after.gaps[0]?.reason, "sampler-restarted");
    const [gap] = after.gaps;
    assert.ok(gap !== undefined && gap.toMs > gap.fromMs);
    assert.equal((await client().ps()).length, 1);
  });
});

function launch(): Program {
  const program = startDaemon(data, 100);
  programs.push(program);
  return program;
}

async function ready(): Promise<Program> {
  const program = launch();
  await program.says(READY);
  return program;
}

function client(): Monitauri {
  return connectDaemon([join(data, "daemon.sock")]);
}

/** Keeps the sampling thread busy; its answer never comes. */
async function hang(): Promise<void> {
  client()
    .connections({ limit: 4243 })
    .catch(() => {});
  // Its question is on the way when this one, asked after it, has been answered.
  await client().status();
}

async function until(wanted: (status: Status) => boolean): Promise<Status> {
  for (;;) {
    const status = await client().status();
    if (wanted(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
