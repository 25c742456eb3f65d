import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { openContainerNames } from "./container-names.ts";
import {
  createDescribeContext,
  describeProcess,
  processFromProc,
  type RawProcess,
} from "./describe-process.ts";
import { openProcfs, startMsOf } from "./procfs.ts";

const procfs = openProcfs();
const PYTHON = spawnSync("python3", ["-c", "import sys; print(sys.executable)"], {
  encoding: "utf8",
}).stdout?.trim();

function newContext(t: TestContext) {
  return createDescribeContext({ procfs, containers: openContainerNames({ root: folder(t) }) });
}

function folder(t: TestContext): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "monitauri-test-")));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Starts a program and waits until exec has happened: /proc then shows `exe`. */
async function start(
  t: TestContext,
  command: readonly string[],
  options: { exe: string; cwd?: string; argv0?: string },
): Promise<ChildProcess & { pid: number }> {
  const { exe, ...rest } = options;
  const child = spawn(command[0] ?? "", command.slice(1), {
    stdio: ["pipe", "ignore", "ignore"],
    ...rest,
  });
  const exited = once(child, "exit").catch(() => {});
  t.after(() => child.kill("SIGKILL") && exited);
  const { pid } = child;
  assert.ok(pid !== undefined);
  for (let tries = 0; procfs.readExePath(pid)?.path !== exe; tries++) {
    assert.ok(tries < 500, `${procfs.readExePath(pid)?.path} is not ${exe}`);
    await wait(10);
  }
  return Object.assign(child, { pid });
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** What the kernel program would catch of a living process. */
function caught(pid: number, execPath: string, more: Partial<RawProcess> = {}): RawProcess {
  const stat = procfs.readStat(pid);
  const parent = procfs.readStat(process.pid);
  const bytes = procfs.readCommandLine(pid);
  assert.ok(stat && parent && bytes);
  return {
    pid,
    startMs: startMsOf(stat) + 4.2,
    exec: 1,
    name: stat.name,
    execPath,
    arguments: bytes.subarray(0, 1_024),
    argumentBytes: bytes.length,
    uid: process.getuid?.(),
    parentPid: stat.parentPid,
    parentStartMs: startMsOf(parent) + 3.1,
    exeInode: procfs.readExePath(pid)?.inode ?? 0,
    kernelThread: false,
    ...more,
  };
}

const SLEEP = realpathSync("/bin/sleep");
const SHELL = realpathSync("/bin/sh");

test("describeProcess() describes a living process and the same one after its end", async (t) => {
  const child = await start(t, ["/bin/sleep", "60"], { exe: SLEEP });
  const raw = caught(child.pid, "/bin/sleep");
  const alive = describeProcess(raw, newContext(t));
  const { startedAtMs, unit, container, user, ...rest } = alive;
  assert.deepEqual(rest, {
    pid: child.pid,
    name: "sleep",
    path: SLEEP,
    pathVerified: true,
    arguments: ["/bin/sleep", "60"],
    uid: process.getuid?.(),
    parentPid: process.pid,
    kernelThread: false,
    application: { key: `path:${SLEEP}`, name: "sleep", path: SLEEP },
  });
  assert.ok(Math.abs(startedAtMs - Date.now()) < 10_000);
  assert.equal(typeof user, "string");
  await stop(child);
  const ended = describeProcess(raw, newContext(t));
  assert.ok(Math.abs(ended.startedAtMs - startedAtMs) <= 20);
  assert.deepEqual({ ...ended, startedAtMs }, alive);
  assert.deepEqual([unit, container], [ended.unit, ended.container]);
});

test("processFromProc() gives the same, and undefined for no process", async (t) => {
  const child = await start(t, ["/bin/sleep", "60"], { exe: SLEEP });
  const context = newContext(t);
  const described = describeProcess(caught(child.pid, "/bin/sleep"), context);
  const found = processFromProc(child.pid, context);
  assert.ok(found && Math.abs(found.startedAtMs - described.startedAtMs) <= 20);
  assert.deepEqual({ ...found, startedAtMs: described.startedAtMs }, described);
  assert.equal(processFromProc(2 ** 22 + 1, context), undefined);
});

test("describeProcess() does not take another process with the same pid", async (t) => {
  const child = await start(t, ["/bin/sleep", "60"], { exe: SLEEP });
  const startMs = caught(child.pid, "").startMs - 30;
  const raw = caught(child.pid, "/usr/bin/no-such", { startMs, exeInode: 1 });
  const { path, pathVerified, application } = describeProcess(raw, newContext(t));
  assert.deepEqual([path, pathVerified], ["/usr/bin/no-such", false]);
  assert.equal(application.key, "path:/usr/bin/no-such");
});

test("describeProcess() does not take the program of a later exec", async (t) => {
  const child = await start(t, ["/bin/sleep", "60"], { exe: SLEEP });
  const before = { exeInode: statSync(SHELL).ino, arguments: Buffer.from("sh\0-c\0x\0") };
  const raw = caught(child.pid, "/bin/sh", { ...before, argumentBytes: 8, name: "sh" });
  const { path, pathVerified, name } = describeProcess(raw, newContext(t));
  assert.deepEqual([name, path, pathVerified], ["sh", SHELL, true]);
});

test("describeProcess() believes no claim about the path", async (t) => {
  const child = await start(t, ["/bin/sleep", "60"], { exe: SLEEP });
  const raw = caught(child.pid, SHELL);
  assert.equal(describeProcess(raw, newContext(t)).path, SLEEP);
  await stop(child);
  const { path, pathVerified } = describeProcess(raw, newContext(t));
  assert.deepEqual([path, pathVerified], [SHELL, false]);
});

test("describeProcess() finds a relative path", async (t) => {
  const cwd = folder(t);
  const exe = join(cwd, "copy");
  copyFileSync(SLEEP, exe);
  const child = await start(t, ["./copy", "60"], { exe, cwd });
  const raw = caught(child.pid, "./copy");
  assert.equal(describeProcess(raw, newContext(t)).path, exe);
  await stop(child);
  const { path, pathVerified, application } = describeProcess(raw, newContext(t));
  assert.deepEqual([path, pathVerified, application.key], ["./copy", false, "path:./copy"]);
});

test("describeProcess() keeps the path of a deleted executable", async (t) => {
  const exe = join(folder(t), "copy");
  copyFileSync(SLEEP, exe);
  const child = await start(t, [exe, "60"], { exe });
  rmSync(exe);
  assert.equal(readlinkSync(`/proc/${child.pid}/exe`), `${exe} (deleted)`);
  const raw = caught(child.pid, exe);
  const { path, pathVerified, application } = describeProcess(raw, newContext(t));
  assert.deepEqual([path, pathVerified, application.key], [exe, true, `path:${exe}`]);
  await stop(child);
  assert.equal(describeProcess(raw, newContext(t)).pathVerified, false);
});

test("describeProcess() shows a script behind its #! line, living or not", async (t) => {
  const cwd = folder(t);
  const script = join(cwd, "job.sh");
  writeFileSync(script, "#!/bin/sh -e\nread x < fifo\n", { mode: 0o755 });
  spawnSync("mkfifo", [join(cwd, "fifo")]);
  for (const given of [script, "./job.sh"]) {
    const child = await start(t, [given], { exe: SHELL, cwd });
    const raw = caught(child.pid, given);
    const key = `script:${script}`;
    const name = `job.sh (${SHELL.split("/").at(-1)})`;
    const alive = describeProcess(raw, newContext(t));
    assert.deepEqual(alive.application, { key, name, path: script });
    assert.deepEqual([alive.path, alive.pathVerified], [SHELL, true]);
    await stop(child);
    const ended = describeProcess(raw, newContext(t));
    assert.deepEqual([ended.path, ended.pathVerified], [SHELL, true]);
    assert.equal(ended.application.key, given === script ? key : "script:job.sh");
  }
});

test("describeProcess() finds a relative script from the parent's folder", async (t) => {
  const cwd = folder(t);
  writeFileSync(join(cwd, "job.sh"), "");
  const parent = await start(t, ["/bin/sleep", "60"], { exe: SLEEP, cwd });
  const of = procfs.readStat(parent.pid);
  const child = await start(t, ["/bin/sleep", "60"], { exe: SLEEP, cwd: "/" });
  const raw = caught(child.pid, "/bin/sh", {
    arguments: Buffer.from("sh\0job.sh\0"),
    argumentBytes: 10,
    exeInode: statSync(SHELL).ino,
    parentPid: parent.pid,
    parentStartMs: of && startMsOf(of),
  });
  const { application } = describeProcess(raw, newContext(t));
  assert.equal(application.key, `script:${join(cwd, "job.sh")}`);
});

test("describeProcess() finds the script of a process with an overwritten title", async (t) => {
  const script = join(folder(t), "daemon.sh");
  writeFileSync(script, "#!/bin/sh\n");
  const exe = SHELL;
  const child = await start(t, ["/bin/sh", "-c", "read x; :"], { exe, argv0: "daemon: worker" });
  const title = { arguments: Buffer.from("daemon: worker 3\0\0\0\0"), argumentBytes: 20 };
  const raw = caught(child.pid, script, title);
  assert.equal(describeProcess(raw, newContext(t)).application.key, `script:${script}`);
});

test("describeProcess() survives hostile names and arguments", async (t) => {
  const cwd = folder(t);
  const exe = join(cwd, "a\nb\x1b[1m");
  copyFileSync(SLEEP, exe);
  const argv0 = `\x1b]0;x\x07\u202e${"A".repeat(4_000)}`;
  const child = await start(t, [exe, "60"], { exe: `${cwd}/a\\x0ab\\x1b[1m`, argv0 });
  const found = describeProcess(caught(child.pid, exe), newContext(t));
  assert.equal(found.name, "a\\x0ab\\x1b[1m");
  assert.equal(found.application.name, "a\\x0ab\\x1b[1m");
  assert.match(found.arguments[0] ?? "", /^\\x1b\]0;x\\x07\\u\{202e\}A+…$/);
  assert.equal(found.arguments.length, 1);
  for (const text of [found.path, found.application.key, ...found.arguments])
    assert.doesNotMatch(text ?? "", /\p{Cc}|\p{Cf}/u);
});

test("describeProcess() survives names and arguments that are no UTF-8", async (t) => {
  // The shell can name a process with any byte; Node's spawn cannot.
  const line = `cd "$1" && name=$(printf 'x\\377\\033') && cp "$2" "$name" && exec "./$name" 60`;
  const cwd = folder(t);
  const exe = `${cwd}/x\ufffd\\x1b`;
  const child = await start(t, ["/bin/sh", "-c", line, "sh", cwd, SLEEP], { exe });
  const found = processFromProc(child.pid, newContext(t));
  assert.deepEqual(
    [found?.name, found?.path, found?.arguments],
    ["x\ufffd\\x1b", exe, ["./x\ufffd\\x1b", "60"]],
  );
});

test("describeProcess() describes a process of which the kernel caught nothing", async (t) => {
  const child = await start(t, ["/bin/sleep", "60"], { exe: SLEEP });
  const nothing = {
    name: "",
    arguments: new Uint8Array(0),
    argumentBytes: 0,
    uid: undefined,
    parentPid: undefined,
    parentStartMs: undefined,
    exeInode: 0,
  };
  const raw = caught(child.pid, "", nothing);
  const found = describeProcess(raw, newContext(t));
  assert.deepEqual(
    [found.name, found.path, found.arguments, found.uid, found.parentPid],
    ["sleep", SLEEP, ["/bin/sleep", "60"], process.getuid?.(), process.pid],
  );
  await stop(child);
  const ended = describeProcess(raw, newContext(t));
  assert.deepEqual(
    [ended.path, ended.user, ended.application.key],
    [undefined, undefined, "unknown"],
  );
});

test("describeProcess() shows what python runs", { skip: !PYTHON && "no python3" }, async (t) => {
  const exe = realpathSync(PYTHON ?? "");
  const script = join(folder(t), "train.py");
  writeFileSync(script, "import time; time.sleep(60)\n");
  const inline = await start(t, [exe, "-c", "import time; time.sleep(60)"], { exe });
  const file = await start(t, [exe, "-u", script], { exe });
  const context = newContext(t);
  assert.equal(processFromProc(inline.pid, context)?.application.key, `path:${exe}`);
  const { application } = describeProcess(caught(file.pid, exe), context);
  assert.deepEqual(application, {
    key: `script:${script}`,
    name: "train.py (python3)",
    path: script,
  });
});

test("describeProcess() tells kernel threads", (t) => {
  const raw = { ...caught(process.pid, ""), pid: 2 ** 22 + 2, kernelThread: true, name: "kworker" };
  const {
    path,
    application,
    arguments: given,
  } = describeProcess({ ...raw, arguments: new Uint8Array(0), argumentBytes: 0 }, newContext(t));
  assert.deepEqual([path, application.key, given], [undefined, "kernel", []]);
});

test("describeProcess() takes well under a millisecond", async (t) => {
  const child = await start(t, ["/bin/sleep", "60"], { exe: SLEEP });
  const raw = caught(child.pid, "/bin/sleep");
  const context = newContext(t);
  const best = (run: () => void) => {
    const timesMs = Array.from({ length: 300 }, () => {
      const startMs = performance.now();
      run();
      return performance.now() - startMs;
    });
    return timesMs.sort((a, b) => a - b)[150] ?? 0;
  };
  const aliveMs = best(() => describeProcess(raw, context));
  await stop(child);
  const endedMs = best(() => describeProcess(raw, context));
  t.diagnostic(`alive ${aliveMs.toFixed(3)} ms, ended ${endedMs.toFixed(3)} ms`);
  // Ten times what it takes on a small machine, for busy ones.
  assert.ok(aliveMs < 2 && endedMs < 2);
});
