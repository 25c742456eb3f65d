// The launcher as a parent, as on Node 18 and 20: signals, exit codes, and what happens when it is
// killed.
import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { describe, test } from "node:test";
import { isNewEnough, nodePackage } from "../bin/runtime.mjs";

const root = dirname(import.meta.dirname);
const WAIT = { timeout: 20_000 };

// What a daemon does, in small: says who it is, watches its launcher, ends on a signal with a code
// of its own.
const DAEMON = `
  import { writeSync } from "node:fs";
  import { watchParent } from "${root}/src/daemon/parent-watch.ts";
  watchParent(() => { writeSync(1, "launcher gone\\n"); process.exit(); });
  process.on("SIGTERM", () => process.exit(7));
  setTimeout(() => {}, 30_000);
  writeSync(1, "pid " + process.pid + " " + process.env.MONITAURI_PARENT_FD + "\\n");`;

describe("runAsChild()", () => {
  test("passes a signal on and ends with the child's exit code", WAIT, async () => {
    const launcher = launchDaemon();
    await line(launcher, /^pid \d+ undefined$/m);
    launcher.kill("SIGTERM");
    assert.deepEqual(await once(launcher, "exit"), [7, null]);
  });

  test("ends by the signal that ended the child", WAIT, async () => {
    const launcher = launchDaemon();
    await line(launcher, /^pid/m);
    launcher.kill("SIGHUP");
    assert.deepEqual(await once(launcher, "exit"), [null, "SIGHUP"]);
  });

  test("lets the child know when it is killed", WAIT, async () => {
    const launcher = launchDaemon();
    await line(launcher, /^pid/m);
    launcher.kill("SIGKILL");
    await line(launcher, /^launcher gone$/m);
  });
});

test("isNewEnough() compares versions as numbers", () => {
  assert.equal(isNewEnough("24.12.0"), true);
  assert.equal(isNewEnough("26.0.0"), true);
  assert.equal(isNewEnough("24.9.0"), false);
  assert.equal(isNewEnough("20.20.2"), false);
});

test("nodePackage() has a Node for every system that is supported", () => {
  for (const platform of ["linux", "darwin"] as const) {
    for (const arch of ["x64", "arm64"] as const) {
      assert.ok(
        isNewEnough(nodePackage(root, platform, arch)?.version ?? "0.0.0"),
        `${platform} ${arch}`,
      );
    }
  }
  assert.equal(nodePackage(root, "linux", "mips"), undefined);
});

function launchDaemon(): ChildProcessByStdio<null, Readable, null> {
  const script = `
    import { runAsChild } from "${join(root, "bin", "launcher.mjs")}";
    runAsChild(process.execPath, ["--input-type=module", "-e", ${JSON.stringify(DAEMON)}]);`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function line(
  child: ChildProcessByStdio<null, Readable, null>,
  wanted: RegExp,
): Promise<void> {
  let seen = "";
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    seen += String(chunk);
    if (wanted.test(seen)) return;
  }
  assert.fail(`The launcher ended without saying ${wanted}: ${seen}`);
}
