/** One daemon per data folder: a lock on a file that the kernel releases when the process ends, however it ends. */

import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { MonitauriError } from "../model/error.ts";
import { runCommand } from "../native/command.ts";

/** open(2) flag of macOS: lock while opening, as flock(2) does; with O_NONBLOCK it does not wait. */
const O_EXLOCK = 0x20;
const OPEN = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
/** flock(1) -n when another holds the lock. */
const HELD = 1;
const ATTEMPTS = 10;

export interface LockOptions {
  readonly method: "flock" | "open-flag";
}

/**
 * Takes the lock; disposing releases it.
 * @throws MonitauriError "busy" with the holder's pid when another process has it.
 */
export async function takeLock(path: string, { method }: LockOptions): Promise<Disposable> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const fd = openLockFile(path, method);
    try {
      if (method === "flock") await lockOpenFile(fd, path);
      // The holder before us removed the file between our opening and locking it: that lock protects nothing.
      if (isStillThere(fd, path)) {
        notePid(fd);
        return { [Symbol.dispose]: () => release(fd, path) };
      }
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
  }
  throw new MonitauriError(
    "busy",
    `Cannot lock ${path}: other daemons start and stop all the time`,
  );
}

function openLockFile(path: string, method: LockOptions["method"]): number {
  const flags = method === "open-flag" ? OPEN | O_EXLOCK | constants.O_NONBLOCK : OPEN;
  try {
    return openSync(path, flags, 0o600);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EAGAIN") throw held(path);
    throw new MonitauriError("failed", `Cannot open the lock ${path}: ${message}`, { cause });
  }
}

// A flock(2) lock belongs to the open file, which the program shares with us: it stays when the program has ended.
async function lockOpenFile(fd: number, path: string): Promise<void> {
  const { exitCode, stderr } = await runCommand(["flock", "-n", "3"], { descriptor: fd });
  if (exitCode === HELD) throw held(path);
  if (exitCode !== 0) {
    throw new MonitauriError(
      "failed",
      `Cannot lock ${path}: flock ended with ${exitCode}: ${stderr.trim()}`,
    );
  }
}

function isStillThere(fd: number, path: string): boolean {
  const ours = fstatSync(fd, { bigint: true });
  const named = statSync(path, { bigint: true, throwIfNoEntry: false });
  return named !== undefined && named.ino === ours.ino && named.dev === ours.dev;
}

/** For the message of whoever comes second. On a full disk there is none, and that is no reason not to start. */
function notePid(fd: number): void {
  try {
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`, 0);
  } catch {
    // The lock holds without it.
  }
}

function held(path: string): MonitauriError {
  const pid = readPid(path);
  const who = pid === undefined ? "another Monitauri" : `another Monitauri (pid ${pid})`;
  return new MonitauriError(
    "busy",
    `Cannot start: ${who} is running with this data (${path}). Stop it first, or give this one a folder of its own with --data`,
  );
}

function readPid(path: string): string | undefined {
  try {
    return /^\d+/.exec(readFileSync(path, "utf8"))?.[0];
  } catch {
    return undefined;
  }
}

// Removed while it is held, so that whoever opens it next sees that the name has moved on.
function release(fd: number, path: string): void {
  try {
    if (isStillThere(fd, path)) unlinkSync(path);
  } finally {
    closeSync(fd);
  }
}
