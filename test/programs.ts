// Starts the daemon with made-up traffic and the real command line, as programs of their own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const DAEMON = join(root, "test", "fixtures", "scripted-daemon.ts");
const RUNNER = join(root, "test", "fixtures", "command-runner.ts");
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

export function startDaemon(data: string, intervalMs?: number, port = 0): Program {
  const args = [
    DAEMON,
    data,
    ...(intervalMs === undefined ? [] : [String(intervalMs), String(port)]),
  ];
  return start(args, {}, DAEMON_WAIT_MS);
}

/** Runs a command against the daemon of this data folder. */
export function monitauri(data: string, args: readonly string[]): Promise<Ended> {
  return start([MAIN, ...args], { MONITAURI_DATA: data }).ended;
}

export interface Commands extends AsyncDisposable {
  /** Runs a command against the daemon of this data folder; one after the other. */
  run(data: string, args: readonly string[]): Promise<Ended>;
}

/** Commands that share one process, for tests of many: to start Node for each takes half a second. What depends on being a
 * program (signals, its end, its terminal) needs monitauri() or start(). */
export function openCommands(): Commands {
  const child = spawn(process.execPath, [RUNNER], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { PATH: process.env.PATH, HOME: "/nonexistent" },
  });
  const ended = once(child, "close");
  let turn: Promise<unknown> = Promise.resolve();
  const run = async (data: string, args: readonly string[]): Promise<Ended> => {
    const answer = Promise.race([
      once(child, "message", { signal: AbortSignal.timeout(WAIT_MS) }),
      ended.then(() => Promise.reject(new Error(`${args.join(" ")} ended the process it ran in`))),
    ]);
    child.send({ main: MAIN, args, data });
    const [said] = await answer;
    return said as Ended;
  };
  return {
    run(data, args) {
      const result = turn.then(() => run(data, args));
      turn = result.catch(() => undefined);
      return result;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
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
