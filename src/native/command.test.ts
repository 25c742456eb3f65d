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
