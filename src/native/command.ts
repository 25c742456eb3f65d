/** Runs other programs: the only file that does. No shell, a fixed search path, bounded time and output. */

import { type ChildProcess, spawn } from "node:child_process";
import { MonitauriError } from "../model/error.ts";

/** Root's tools are in sbin; a caller's PATH must not decide what runs as root. */
const SEARCH_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
const MAX_OUTPUT_CHARS = 1024 * 1024;
/** After its end a program's output is waited for this long: one that it left behind may hold it open for ever. */
const OUTPUT_GRACE_MS = 500;

export interface CommandOptions {
  /** What the program is told that it is called, where that is not its path. */
  readonly argv0?: string;
  /** Killed after this long; 10 s where not given. */
  readonly timeoutMs?: number;
  /** An open descriptor of ours that the program gets as its descriptor 3. */
  readonly descriptor?: number;
  /** Further variables: a program with a window must find its display. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads; nothing where not given. */
  readonly input?: string;
  /** Of each output; the rest is thrown away. 1 MiB where not given. */
  readonly maxOutputChars?: number;
  /** Whom it runs as, without our further groups; only root can. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** It gets a process group of its own, and the timeout kills all of it. For programs that are not ours. */
  readonly group?: boolean;
  /** Kills it as the timeout does. */
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end; any exit code is an answer.
 * @throws MonitauriError "unsupported" where there is no such program, "failed" where a signal or the timeout ended it.
 */
export function runCommand(
  argv: readonly [string, ...string[]],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [file, ...args] = argv;
  const {
    timeoutMs = 10_000,
    signal: stop,
    argv0,
    descriptor,
    env,
    input,
    user,
    group = false,
  } = options;
  const most = options.maxOutputChars ?? MAX_OUTPUT_CHARS;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: { ...env, PATH: SEARCH_PATH, LC_ALL: "C" },
      stdio: [
        input === undefined ? "ignore" : "pipe",
        "pipe",
        "pipe",
        ...(descriptor === undefined ? [] : [descriptor]),
      ],
      detached: group,
      ...(argv0 === undefined ? {} : { argv0 }),
      // Ours may be one that the user cannot enter.
      ...(user === undefined ? {} : { ...user, cwd: "/" }),
    });
    const end = () => kill(child, group);
    const timer = setTimeout(end, timeoutMs);
    if (stop?.aborted === true) end();
    stop?.addEventListener("abort", end, { once: true });
    const isOver = () => {
      clearTimeout(timer);
      stop?.removeEventListener("abort", end);
    };
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk.slice(0, Math.max(0, most - stdout.length));
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk.slice(0, Math.max(0, most - stderr.length));
    });
    // A program need not read what it is given.
    child.stdin?.on("error", () => {}).end(input);
    child.on("error", (cause: NodeJS.ErrnoException) => {
      isOver();
      const code = cause.code === "ENOENT" ? "unsupported" : "failed";
      const state = cause.code === "ENOENT" ? "it is not installed" : cause.message;
      reject(new MonitauriError(code, `Cannot run ${file}: ${state}`, { cause }));
    });
    child.on("exit", () => {
      isOver();
      if (group) setTimeout(() => closeOutput(child), OUTPUT_GRACE_MS).unref();
    });
    child.on("close", (exitCode, signal) => {
      if (exitCode !== null) resolve({ exitCode, stdout, stderr });
      else reject(new MonitauriError("failed", `Cannot run ${argv.join(" ")}: ended by ${signal}`));
    });
  });
}

function kill(child: ChildProcess, group: boolean): void {
  if (!group || child.pid === undefined) {
    child.kill("SIGKILL");
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended in this moment.
  }
}

function closeOutput(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
}
