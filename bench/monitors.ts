// Starts the monitors to compare: the real daemon, and others where they are installed. Ready means that it counts.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findNode, frugal } from "../bin/runtime.mjs";
import { ensureReady } from "../scripts/bootstrap/ensure-ready.mjs";
import { atEnd, host, killGroup } from "../test/e2e/generators/place.ts";
import { bandwhich } from "./accuracy/monitors/bandwhich.ts";
import { findProgram } from "./accuracy/monitors/monitor.ts";
import { nethogs } from "./accuracy/monitors/nethogs.ts";
import { rustnet } from "./accuracy/monitors/rustnet.ts";
import { isCapturing, programsOf } from "./process-cost.ts";

export interface Monitor extends AsyncDisposable {
  readonly pid: number;
}

const READY_WITHIN_MS = 60_000;
const STOPPED_WITHIN_MS = 5_000;
const ROOT = dirname(import.meta.dirname);

let built: Promise<boolean> | undefined;

/** The daemon of this checkout, built first where a source has changed, with data in a folder of its own. `config`: its
 * config.toml. */
export async function startMonitauri(config = ""): Promise<Monitor & { readonly data: string }> {
  built ??= ensureReady(ROOT);
  if (!(await built)) throw new Error("Cannot build Monitauri");
  const data = mkdtempSync(join(tmpdir(), "monitauri-bench-"));
  writeFileSync(join(data, "config.toml"), config);
  // As the launcher runs it, but without that, which stays as a parent where Node cannot replace a process.
  const { options, env } = frugal();
  const main = join(ROOT, "dist", "main.js");
  const args = [...options, main, "start", "--data", data, "--no-open", "--port", "0"];
  const child = host.spawn(findNode(ROOT) ?? process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env,
  });
  const removeData = () => rmSync(data, { recursive: true, force: true });
  const release = atEnd(removeData);
  const stop = async () => {
    await end(child);
    removeData();
    release();
  };
  try {
    await said(child, "Ctrl-C stops.");
    if (programsOf(child.pid as number).size === 0) {
      throw new Error("Cannot measure Monitauri: it counts without kernel programs here");
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid as number, data, [Symbol.asyncDispose]: stop };
}

/** Another monitor as the matrix runs it, counting TCP and UDP on one device into nothing. */
export interface Rival {
  readonly name: string;
  /** `undefined` where it is not installed. */
  readonly version: string | undefined;
  start(device: string): Promise<Monitor>;
}

/** nethogs, bandwhich and RustNet, each with a refresh per second and without looking up names. */
export async function findRivals(): Promise<Rival[]> {
  return Promise.all(
    RIVALS.map(async ({ monitor: { name, installed }, variable, args }) => {
      const found = await installed();
      const program = findProgram(name.toLowerCase(), variable) ?? name.toLowerCase();
      return {
        name,
        version: "version" in found ? found.version : undefined,
        start: (device) => startRival(program, args(device)),
      };
    }),
  );
}

const RIVALS = [
  {
    monitor: nethogs,
    variable: "NETHOGS",
    // -C: UDP too, which the daemon also counts.
    args: (device: string) => ["-t", "-C", "-d", "1", device],
  },
  {
    monitor: bandwhich,
    variable: "BANDWHICH",
    args: (device: string) => ["--raw", "-t", "-n", "-s", "-p", "-i", device],
  },
  {
    monitor: rustnet,
    variable: "RUSTNET",
    args: (device: string) => [
      ...["--headless", "--output", "jsonl", "-i", device, "--no-uid-drop", "--no-sandbox"],
      ...["--no-dpi", "--no-resolve-dns", "--no-geoip"],
    ],
  },
] as const;

/** Ready means that it captures. */
async function startRival(program: string, args: readonly string[]): Promise<Monitor> {
  const child = host.spawn(program, args, { stdio: "ignore" });
  const stop = () => end(child);
  const deadline = Date.now() + READY_WITHIN_MS;
  try {
    if (child.pid === undefined) await once(child, "spawn"); // Rejects with the reason.
    while (!isCapturing(child.pid as number)) {
      if (child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`Cannot measure ${program}: it does not capture`);
      }
      await sleep(20);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid as number, [Symbol.asyncDispose]: stop };
}

/** Resolves when the line has come. */
export async function said(child: ChildProcess, line: string): Promise<void> {
  let text = "";
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`No "${line}" in time`)), READY_WITHIN_MS);
    const settle = (how: () => void) => {
      clearTimeout(late);
      how();
    };
    child.on("error", (error) => settle(() => reject(error)));
    child.on("exit", (code) => settle(() => reject(new Error(`Ended with ${code}: ${text}`))));
    // Goes on reading: who writes into a full pipe would wait.
    child.stdout?.setEncoding("utf8").on("data", (more: string) => {
      text = (text + more).slice(-4096);
      if (text.includes(line)) settle(resolve);
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGINT");
  const late = setTimeout(() => killGroup(child), STOPPED_WITHIN_MS);
  await ended;
  clearTimeout(late);
}
