import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir, uptime } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isSameStart, openProcfs, startMsOf } from "./procfs.ts";

const NUMBERS = "S 7 42 42 0 -1 4194560 1 0 0 0 5 6 0 0 20 0 1 0 123456 1000 2";

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** /proc with one process, 42. */
function fakeProc(t: TestContext, files: Record<string, string | Buffer>) {
  const root = temporaryFolder(t);
  mkdirSync(join(root, "42"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, name), content);
  return { root, procfs: openProcfs({ root, wallMs: () => 1_000_000 }) };
}

test("readStat() reads a name with blanks, parentheses, newlines and invalid bytes", (t) => {
  const { root, procfs } = fakeProc(t, {});
  const names: [string | Buffer, string][] = [
    ["cat", "cat"],
    ["a b) S 1 (c", "a b) S 1 (c"],
    ["()", "()"],
    ["", ""],
    ["x\ny\x1b[1m", "x\\x0ay\\x1b[1m"],
    [Buffer.from([0x61, 0xff, 0x29]), "a\ufffd)"],
  ];
  for (const [name, printed] of names) {
    const parts = [Buffer.from("42 ("), Buffer.from(name), Buffer.from(`) ${NUMBERS}\n`)];
    writeFileSync(join(root, "42/stat"), Buffer.concat(parts));
    assert.deepEqual(procfs.readStat(42), {
      name: printed,
      state: "S",
      parentPid: 7,
      startTicks: 123456,
      kernelThread: false,
    });
  }
});

test("readStat() tells kernel threads and refuses nonsense", (t) => {
  const { root, procfs } = fakeProc(t, {
    "42/stat": "42 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 3 0 0\n",
  });
  assert.equal(procfs.readStat(42)?.kernelThread, true);
  for (const text of ["", "42", "42 (x", "42 )x(", "42 (x) S", "42 (x) S a b c"]) {
    writeFileSync(join(root, "42/stat"), text);
    assert.equal(procfs.readStat(42), undefined);
  }
});

test("openProcfs() reads the rest of a process", (t) => {
  const { root, procfs } = fakeProc(t, {
    "42/stat": `42 (cat) ${NUMBERS}\n`,
    "42/status": "Name:\tUid: 7\nUid:\t1000\t0\t0\t0\n",
    "42/cmdline": `cat\0${"x".repeat(100_000)}\0`,
    "42/cgroup": "0::/system.slice/ssh.service\n",
    uptime: "123.45 99.00\n",
  });
  symlinkSync("/opt/gone\n (deleted)", join(root, "42/exe"));
  symlinkSync("/srv/wörk", join(root, "42/cwd"));
  assert.equal(procfs.readUid(42), 1000);
  assert.equal(procfs.readCommandLine(42)?.length, 16_384);
  assert.equal(procfs.readCgroup(42), "0::/system.slice/ssh.service\n");
  assert.deepEqual(procfs.readExePath(42), { path: "/opt/gone\\x0a", inode: undefined });
  assert.equal(procfs.readCwd(42), "/srv/wörk");
  assert.equal(procfs.bootTimeMs(), 1_000_000 - 123_450);
  assert.equal(procfs.isAlive(42, 1_234_571.9), true);
  assert.equal(procfs.isAlive(42, 1_234_600), false);
  assert.equal(procfs.isAlive(43, 1_234_560), false);
});

test("openProcfs() knows nothing of a process that is gone", (t) => {
  const { procfs } = fakeProc(t, {});
  assert.deepEqual(
    [
      procfs.readStat(42),
      procfs.readCommandLine(42),
      procfs.readExePath(42),
      procfs.readCwd(43),
      procfs.readUid(43),
      procfs.readCgroup(43),
      procfs.bootTimeMs(),
    ],
    new Array(7).fill(undefined),
  );
});

test("openProcfs() reads this process", () => {
  const procfs = openProcfs();
  const stat = procfs.readStat(process.pid);
  assert.ok(stat);
  assert.equal(stat.parentPid, process.ppid);
  assert.equal(procfs.readUid(process.pid), process.getuid?.());
  assert.equal(procfs.readCwd(process.pid), process.cwd());
  assert.equal(procfs.readExePath(process.pid)?.path, process.execPath);
  const bootMs = procfs.bootTimeMs() ?? 0;
  assert.ok(Math.abs(bootMs - (Date.now() - uptime() * 1_000)) < 1_500);
  const startedMs = Date.now() - process.uptime() * 1_000;
  assert.ok(Math.abs(bootMs + startMsOf(stat) - startedMs) < 1_500);
  assert.equal(isSameStart(startMsOf(stat), startMsOf(stat) + 9.99), true);
});

test("userName() reads passwd, again when it changes", (t) => {
  const passwd = join(temporaryFolder(t), "passwd");
  let nowMs = 0;
  const { userName } = openProcfs({ passwd, monotonicMs: () => nowMs });
  assert.equal(userName(0), "#0");
  writeFileSync(
    passwd,
    "root:x:0:0::/root:/bin/sh\ntoor:x:0:0\n\nbad\n+::::\nev\x1bil:x:7:7\nn:x:7a:\n",
  );
  nowMs += 1_000;
  assert.deepEqual([userName(0), userName(7), userName(1000)], ["root", "ev\\x1bil", "#1000"]);
  writeFileSync(passwd, "admin:x:0:0\n");
  utimesSync(passwd, 1, 1);
  assert.equal(userName(0), "root");
  nowMs += 1_000;
  assert.equal(userName(0), "admin");
});
