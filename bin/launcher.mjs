// Starts Monitauri under a Node that is new enough, and in a checkout builds it first when a source
// has changed. Only built-ins and only syntax of Node 18: this runs on whatever Node the machine
// has.
//
// The launcher becomes the program where it can: in this very process when this Node will do and
// needs no options, through execve where Node has it (22.15, 23.11). Elsewhere the program is a
// child that shares the terminal. Signals sent to the launcher are passed on, and the child's end is mirrored. Ctrl-C in
// a terminal reaches the whole process group, so the child may see one key press twice (npm does
// the same): src/daemon/parent-watch.ts counts it once. The child also gets one end of a pipe, its
// number in MONITAURI_PARENT_FD: that closes when the launcher is gone, even by SIGKILL.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { findNode, frugal, isNewEnough, MINIMUM_NODE } from "./runtime.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const PARENT_FD = 3;
const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"];

/**
 * Runs Monitauri with these arguments; in a checkout, after making sure that it is installed and
 * built.
 */
export async function launch(args) {
  if (existsSync(join(root, "src", "main.ts"))) {
    const { ensureReady } = await import("../scripts/bootstrap/ensure-ready.mjs");
    if (!(await ensureReady(root))) process.exit(1);
  }
  const main = join(root, "dist", "main.js");
  const node = findNode(root);
  if (node === undefined) {
    console.error(
      `Cannot start Monitauri: this is Node ${process.versions.node} and it needs ${MINIMUM_NODE} or later, ` +
        `and no Node package for ${process.platform} ${process.arch} is installed. Install a newer Node, then try again.`,
    );
    process.exit(1);
  }
  // The daemon lives long, and some of what makes it small can only be said to a process that begins.
  const { options, env } = args[0] === "start" ? frugal() : { options: [], env: {} };
  const isThis = node === process.execPath && isNewEnough(process.versions.node);
  if (isThis && options.length === 0) {
    await import(pathToFileURL(main).href);
  } else if (typeof process.execve === "function") {
    process.execve(node, [node, ...options, main, ...args], { ...process.env, ...env });
  } else {
    runAsChild(node, [...options, main, ...args], env);
  }
}

/** Runs a command as a child that lives and ends with this process. */
export function runAsChild(command, args, more = {}) {
  const env = { ...process.env, ...more, MONITAURI_PARENT_FD: String(PARENT_FD) };
  const child = spawn(command, args, { stdio: ["inherit", "inherit", "inherit", "pipe"], env });
  child.stdio[PARENT_FD].on("error", () => {}).unref();
  for (const signal of PASSED_ON) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`Cannot start ${command}: ${error.message}.`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
