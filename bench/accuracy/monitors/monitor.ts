// What the matrix needs of a monitor, and how a program is started, read and ended.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { host, killGroup } from "../../../test/e2e/generators/place.ts";
import { isCapturing } from "../../process-cost.ts";
import type { MonitorRow, Traits } from "../score.ts";

export interface Monitor {
  readonly name: string;
  readonly traits: Traits;
  /** How long a connection must be there, before its traffic and after, for this monitor to look up whose it is. */
  readonly lookMs: number;
  /** Its version, or why it cannot be measured. */
  installed(): Promise<{ version: string } | { missing: string }>;
  /** Counts on these devices from now on; the first one has the traffic. */
  start(devices: readonly string[]): Promise<Running>;
}

export interface Running extends AsyncDisposable {
  /** What it has seen, once it has had time for its last refresh of these processes; it may end for that. */
  report(pids: readonly number[]): Promise<readonly MonitorRow[]>;
}

/** From the last packet to the last refresh that shows it: two refreshes of a second each, and a little. */
export const REFRESHED_MS = 2500;
const READY_WITHIN_MS = 15_000;
const STOPPED_WITHIN_MS = 5_000;

/** The path of a program, looked for in an environment variable, then in PATH. */
export function findProgram(name: string, variable: string): string | undefined {
  const wanted = process.env[variable];
  if (wanted !== undefined) return isProgram(wanted) ? wanted : undefined;
  const folders = `${process.env.PATH ?? ""}${delimiter}/usr/sbin${delimiter}/sbin`.split(
    delimiter,
  );
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** A program that captures packets and prints; ready when it has its packet socket. */
export async function startCapture(
  program: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<{ child: ChildProcess; stop(): Promise<void> }> {
  const child = host.spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let complaint = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  if (child.stdout) createInterface({ input: child.stdout }).on("line", onLine);
  const stop = () => end(child);
  const deadline = performance.now() + READY_WITHIN_MS;
  try {
    if (child.pid === undefined) await once(child, "spawn"); // Rejects with the reason.
    while (!isCapturing(child.pid ?? 0)) {
      if (child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`Cannot measure ${program}: it does not capture. ${complaint.trim()}`);
      }
      await sleep(20);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { child, stop };
}

/** Asks it to end, and ends it. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "close");
  child.kill("SIGINT");
  const late = setTimeout(() => killGroup(child), STOPPED_WITHIN_MS);
  await ended;
  clearTimeout(late);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
