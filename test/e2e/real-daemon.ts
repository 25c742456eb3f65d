// Runs the real daemon as users do: built JavaScript, a process of its own, asked with the command line.
import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PsRow, Status } from "../../src/model/monitauri.ts";
import { leftovers, NOTHING } from "./generators/leftovers.ts";
import { host, type Place } from "./generators/place.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** Builds first when a source has changed. */
const COMMAND = join(ROOT, "bin", "monitauri");
export const MAIN = join(ROOT, "dist", "main.js");
/** Loading the kernel programs alone takes seconds of CPU, and many on a machine with other work. */
const WAIT_MS = 45_000;
/** A daemon that hangs is ended, so that a failing test leaves nothing behind. */
const LONGEST_MS = 180_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RealDaemon extends AsyncDisposable {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  stderr(): string;
  /** Sends a signal. */
  tell(signal: NodeJS.Signals): void;
  /** Resolves when stdout or stderr has it. @throws when the daemon ends before. */
  says(pattern: RegExp): Promise<void>;
  /** What `ps --by process --json` prints. */
  ps(): Promise<PsRow[]>;
  /** What `status --json` prints. */
  status(): Promise<Status>;
}

/** Makes sure that dist/ is what src/ is. */
export async function buildOnce(): Promise<void> {
  await host.exec(process.execPath, [COMMAND, "--version"]);
}

/** A daemon that counts already. */
export async function startDaemon(data: string, options: LaunchOptions = {}): Promise<RealDaemon> {
  const daemon = launch(data, options);
  try {
    await daemon.says(/Ctrl-C stops/);
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    throw error;
  }
  return daemon;
}

export interface LaunchOptions {
  /** Who starts it. Default: this process's user. */
  at?: Place;
  /** Default: 100ms, the shortest. undefined leaves it to the configuration. */
  interval?: string | undefined;
}

/** One that may end by itself. */
export function launch(data: string, { at = host, ...options }: LaunchOptions = {}): RealDaemon {
  const interval = "interval" in options ? options.interval : "100ms";
  const args = [
    MAIN,
    "start",
    "--no-open",
    "--data",
    data,
    "--port",
    "0",
    ...(interval ? ["--interval", interval] : []),
  ];
  const child = at.spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
  let result: Ended | undefined;
  const ended = once(child, "close").then(([code, signal]): Ended => {
    clearTimeout(timer);
    result = { code, signal, ...said };
    return result;
  });
  const ask = async (...words: string[]) =>
    JSON.parse(await host.exec(process.execPath, [MAIN, ...words, "--json", "--data", data]));
  return {
    pid: child.pid ?? 0,
    ended,
    stderr: () => said.stderr,
    tell: (signal) => void child.kill(signal),
    async says(pattern) {
      await until(async () => pattern.test(said.stdout + said.stderr) || result !== undefined);
      const all = said.stdout + said.stderr;
      if (!pattern.test(all)) throw new Error(`The daemon did not say ${pattern}:\n${all}`);
    },
    ps: () => ask("ps", "--by", "process"),
    status: () => ask("status"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** The row of a process, when it is as wanted or when waiting longer would not help. */
export async function rowOf(
  daemon: Pick<RealDaemon, "ps">,
  pid: number,
  wanted: (row: PsRow) => boolean,
): Promise<PsRow> {
  let found: PsRow | undefined;
  await until(async () => {
    found = (await daemon.ps()).find((row) => row.pid === pid);
    return found !== undefined && wanted(found);
  });
  if (found === undefined) throw new Error(`ps has no row of process ${pid}`);
  return found;
}

/** Asks again and again, at most some seconds: the caller says what it makes of the last answer. */
export async function until(done: () => Promise<boolean>, waitMs = WAIT_MS): Promise<boolean> {
  const endMs = performance.now() + waitMs;
  while (!(await done())) {
    if (performance.now() > endMs) return false;
    await sleep(20);
  }
  return true;
}

/** A place where everything runs as another user. */
export function asUser(uid: number, at: Place = host): Place {
  return {
    ...at,
    spawn: (program, args, options) => at.spawn(program, args, { ...options, uid, gid: uid }),
  };
}

/** @throws when something of this run stays. The kernel frees programs a moment after the last descriptor is closed. */
export async function expectNothing(): Promise<void> {
  let found = NOTHING;
  await until(async () => {
    found = await leftovers();
    found.qdiscs = found.qdiscs.filter((name) => name.startsWith(`mta${process.pid}h`));
    return Object.values(found).every((kind: string[]) => kind.length === 0);
  }, 2000);
  assert.deepEqual(found, NOTHING);
}

/** @throws when a kernel program of this run stays. */
export async function expectNoPrograms(): Promise<void> {
  let found: string[] = [];
  await until(async () => {
    found = (await leftovers()).bpfPrograms;
    return found.length === 0;
  }, 2000);
  assert.deepEqual(found, []);
}
