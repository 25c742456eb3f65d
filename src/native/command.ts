/** Runs other programs: the only file that does. No shell, a fixed search path, bounded time and output. */

import { spawn } from "node:child_process";
import { MonitauriError } from "../model/error.ts";

/** Root's tools are in sbin; a caller's PATH must not decide what runs as root. */
const SEARCH_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
const MAX_OUTPUT_CHARS = 1024 * 1024;

export interface CommandOptions {
  /** Killed after this long; 10 s where not given. */
  readonly timeoutMs?: number;
  /** An open descriptor of ours that the program gets as its descriptor 3. */
  readonly descriptor?: number;
  /** Further variables: a program with a window must find its display. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads from its standard input; nothing where not given. */
  readonly input?: string;
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
  const { timeoutMs = 10_000, descriptor, env, input } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: { ...env, PATH: SEARCH_PATH, LC_ALL: "C" },
      stdio: [
        input === undefined ? "ignore" : "pipe",
        "pipe",
        "pipe",
        ...(descriptor === undefined ? [] : [descriptor]),
      ],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    child.stdin?.on("error", () => {}); // it may end without reading
    child.stdin?.end(input);
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      if (stdout.length < MAX_OUTPUT_CHARS) stdout += chunk;
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      if (stderr.length < MAX_OUTPUT_CHARS) stderr += chunk;
    });
    child.on("error", (cause: NodeJS.ErrnoException) => {
      const code = cause.code === "ENOENT" ? "unsupported" : "failed";
      const state = cause.code === "ENOENT" ? "it is not installed" : cause.message;
      reject(new MonitauriError(code, `Cannot run ${file}: ${state}`, { cause }));
    });
    child.on("close", (exitCode, signal) => {
      if (exitCode !== null) resolve({ exitCode, stdout, stderr });
      else reject(new MonitauriError("failed", `Cannot run ${argv.join(" ")}: ended by ${signal}`));
    });
  });
}
