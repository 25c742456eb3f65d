// Parents: what a process is told by them, from a made-up /proc.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openContainerNames } from "./container-names.ts";
import {
  createDescribeContext,
  describeProcess,
  processFromProc,
  type RawProcess,
} from "./describe-process.ts";
import { openProcfs } from "./procfs.ts";

/** A /proc of processes: pid, parent, cgroup, executable and command line. */
function fakeContext(
  t: TestContext,
  processes: readonly [pid: number, parent: number, cgroup: string, exe: string, line: string][],
) {
  const root = mkdtempSync(join(tmpdir(), "monitauri-test-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, "uptime"), "1000.00 0.00\n");
  for (const [pid, parent, cgroup, exe, line] of processes) {
    const path = join(root, `${pid}`);
    mkdirSync(path);
    const name = exe.split("/").at(-1);
    writeFileSync(
      join(path, "stat"),
      `${pid} (${name}) S ${parent} 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 ${pid} 0 0\n`,
    );
    writeFileSync(join(path, "cgroup"), `0::${cgroup}\n`);
    writeFileSync(join(path, "cmdline"), line.replaceAll(" ", "\0"));
    writeFileSync(join(path, "status"), "Uid:\t4242424\t0\t0\t0\n");
    symlinkSync(exe, join(path, "exe"));
  }
  const reads = { count: 0 };
  const fake = openProcfs({ root, wallMs: () => 2_000_000 });
  const counting = {
    ...fake,
    readStat: (pid: number) => {
      reads.count++;
      return fake.readStat(pid);
    },
  };
  const clock = { nowMs: 0 };
  const context = createDescribeContext({
    procfs: counting,
    containers: openContainerNames({ root }),
    monotonicMs: () => clock.nowMs,
  });
  return { context, reads, clock };
}

function gone(pid: number, parentPid: number, more: Partial<RawProcess> = {}): RawProcess {
  return {
    pid,
    startMs: pid * 10,
    exec: 1,
    name: "curl",
    execPath: "/no/curl",
    arguments: Buffer.from("curl\0"),
    argumentBytes: 5,
    uid: 4242424,
    parentPid,
    parentStartMs: parentPid * 10,
    exeInode: 9,
    kernelThread: false,
    ...more,
  };
}

const ID = "c0ffee12".repeat(8);

test("describeProcess() knows the home of an ended process from its parent", (t) => {
  const { context } = fakeContext(t, [
    [10, 1, `/docker/${ID}`, "/usr/bin/sh", "sh"],
    [11, 1, "/system.slice/backup.service", "/usr/bin/backup", "backup"],
    [12, 1, "/system.slice/containerd.service", "/usr/bin/containerd-shim-runc-v2", "x"],
  ]);
  const home = (raw: RawProcess) => {
    const { container, unit, application } = describeProcess(raw, context);
    return [container?.id, unit, application.key];
  };
  assert.deepEqual(home(gone(20, 10)), ["c0ffee12c0ff", undefined, "container:c0ffee12c0ff"]);
  assert.deepEqual(home(gone(21, 11)), [undefined, "backup.service", "path:/no/curl"]);
  assert.deepEqual(home(gone(22, 12)), [undefined, undefined, "path:/no/curl"]);
  assert.deepEqual(home(gone(23, 1)), [undefined, undefined, "path:/no/curl"]);
  const reused = gone(24, 10, { parentStartMs: 7_000 });
  assert.deepEqual(home(reused), [undefined, undefined, "path:/no/curl"]);
  const known = gone(25, 11, { cgroup: `0::/machine.slice/libpod-${ID}.scope\n` });
  assert.deepEqual(home(known), ["c0ffee12c0ff", undefined, "container:c0ffee12c0ff"]);
});

test("describeProcess() rolls up along living and remembered parents", (t) => {
  const { context } = fakeContext(t, [
    [10, 1, "/", "/opt/browser/browser", "browser"],
    [12, 11, "/", "/opt/browser/helper", "helper --type=utility"],
  ]);
  const zygote = describeProcess(gone(11, 10, { execPath: "/opt/browser/zygote" }), context);
  const key = (findProcess: typeof context.findProcess) =>
    processFromProc(12, { ...context, findProcess })?.application.key;
  assert.equal(
    key(() => undefined),
    "path:/opt/browser/helper",
  );
  assert.equal(
    key((pid) => (pid === 11 ? zygote : undefined)),
    "path:/opt/browser/browser",
  );
  assert.equal(processFromProc(10, context)?.user, "#4242424");
  assert.equal(processFromProc(10, context)?.startedAtMs, 2_000_000 - 1_000_000 + 100);
});

test("describeProcess() follows parents only so far, also in a circle", (t) => {
  const { context, reads } = fakeContext(t, [
    [10, 11, "/", "/opt/b/b", "b --type=x"],
    [11, 10, "/", "/opt/b/b", "b --type=x"],
  ]);
  assert.equal(processFromProc(10, context)?.application.key, "path:/opt/b/b");
  assert.ok(reads.count <= 4);
});

test("describeProcess() reads a shared parent once in a while, not once per child", (t) => {
  const { context, reads, clock } = fakeContext(t, [[10, 1, "/", "/bin/sh", "sh"]]);
  for (let i = 0; i < 100; i++) describeProcess(gone(100 + i, 10), context);
  assert.equal(reads.count, 101);
  clock.nowMs = 5_000;
  describeProcess(gone(300, 10), context);
  assert.equal(reads.count, 103);
});

test("describeProcess() remembers a bounded number of ancestors", (t) => {
  const { context } = fakeContext(t, []);
  const parent = describeProcess(gone(5, 1), context);
  const remembering = { ...context, findProcess: () => parent };
  for (let i = 0; i < 5_000; i++) describeProcess(gone(10_000 + i, 20_000 + i), remembering);
  assert.equal(context.ancestors.size, 4_096);
});
