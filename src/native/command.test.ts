// Real programs: exit codes, missing programs, the time limit.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runCommand } from "./command.ts";

test("runCommand() answers with exit code and output", async () => {
  assert.deepEqual(await runCommand(["sh", "-c", "echo out; echo err >&2; exit 3"]), {
    exitCode: 3,
    stdout: "out\n",
    stderr: "err\n",
  });
});

test("runCommand() says that a program is missing", async () => {
  await assert.rejects(runCommand(["no-such-program"]), {
    code: "unsupported",
    message: "Cannot run no-such-program: it is not installed",
  });
});

test("runCommand() ends what takes too long", async () => {
  await assert.rejects(runCommand(["sleep", "60"], { timeoutMs: 20 }), {
    code: "failed",
    message: "Cannot run sleep 60: ended by SIGKILL",
  });
});

test("runCommand() hands only our environment down", async () => {
  process.env.MONITAURI_SECRET_OF_TEST = "1";
  const { stdout } = await runCommand(["env"]);
  delete process.env.MONITAURI_SECRET_OF_TEST;
  assert.doesNotMatch(stdout, /SECRET/);
});

test("runCommand() gives input, and takes no more output than asked for", async () => {
  const { stdout } = await runCommand(["cat"], { input: "x".repeat(100_000), maxOutputChars: 10 });
  assert.equal(stdout, "x".repeat(10));
  const unread = await runCommand(["true"], { input: "x".repeat(1_000_000) });
  assert.equal(unread.exitCode, 0);
});

test("runCommand() of a group ends all that it started, and does not wait for what it left behind", async () => {
  const startedMs = performance.now();
  await assert.rejects(
    runCommand(["sh", "-c", "sleep 61 & sleep 61"], { timeoutMs: 100, group: true }),
    { code: "failed" },
  );
  const left = await runCommand(["sh", "-c", "sleep 30 & echo $!"], { group: true });
  process.kill(Number(left.stdout));
  assert.ok(performance.now() - startedMs < 20_000);
});

test("runCommand() ends all of a group when it is told to stop, before or meanwhile", async () => {
  const startedMs = performance.now();
  for (const signal of [AbortSignal.abort(), AbortSignal.timeout(100)]) {
    await assert.rejects(
      runCommand(["sh", "-c", "sleep 61 & sleep 61"], { timeoutMs: 60_000, group: true, signal }),
      { code: "failed", message: /ended by SIGKILL/ },
    );
  }
  assert.ok(performance.now() - startedMs < 20_000);
});

test("runCommand() runs as the user it is told, without our groups", {
  skip: process.geteuid?.() !== 0,
}, async () => {
  const { stdout } = await runCommand(["sh", "-c", "id -u; id -G; pwd"], {
    user: { uid: 65_534, gid: 65_534 },
  });
  assert.equal(stdout, "65534\n65534\n/\n");
});
