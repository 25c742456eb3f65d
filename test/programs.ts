// Starts the daemon with made-up traffic and the real command line, as programs of their own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const DAEMON = join(root, "test", "fixtures", "scripted-daemon.ts");
export const MAIN = join(root, "src", "main.ts");
/** A command that hangs. */
const WAIT_MS = 60_000;
/** A daemon lives as long as the tests of a file, which take several times as long on a machine with other work. */
const DAEMON_WAIT_MS = 300_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Program {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves when stdout or stderr has it; fails when the program ends before. */
  says(pattern: RegExp): Promise<void>;
  ended: Promise<Ended>;
}

export function startDaemon(data: string, intervalMs?: number): Program {
  const args = [DAEMON, data, ...(intervalMs === undefined ? [] : [String(intervalMs)])];
  return start(args, {}, DAEMON_WAIT_MS);
}

/** Runs a command against the daemon of this data folder. */
export function monitauri(data: string, args: readonly string[]): Promise<Ended> {
  return start([MAIN, ...args], { MONITAURI_DATA: data }).ended;
}

export function start(
  args: readonly string[],
  env: Record<string, string> = {},
  waitMs = WAIT_MS,
): Program {
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, HOME: "/nonexistent", ...env },
  });
  let stdout = "";
  let stderr = "";
  const listeners = new Set<() => void>();
  const told = () => {
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    told();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    told();
  });
  // What hangs is ended, so that a failing test leaves nothing behind.
  const timer = setTimeout(() => child.kill("SIGKILL"), waitMs);
  const ended = once(child, "close").then(([code, signal]): Ended => {
    clearTimeout(timer);
    told();
    return { code, signal, stdout, stderr };
  });

  function says(pattern: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.test(stdout + stderr);
        if (!found && child.exitCode === null && child.signalCode === null) return;
        listeners.delete(look);
        if (found) resolve();
        else reject(new Error(`The program ended without saying ${pattern}:\n${stdout}${stderr}`));
      };
      listeners.add(look);
      look();
    });
  }

  return { child, stdout: () => stdout, stderr: () => stderr, says, ended };
}
