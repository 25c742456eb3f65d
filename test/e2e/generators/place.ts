// Where a command of a test runs: on the host or in a network namespace. Everything started here is known
// by its pid, and is killed when the test process ends for whatever reason it can notice.
import {
  type ChildProcess,
  execFile,
  type SpawnOptions,
  spawn as spawnChild,
  spawnSync,
} from "node:child_process";

/** Namespaces, and the environment of processes, carry the pid of the test run that made them. */
export const RUN = `mta-${process.pid}`;

/** The environment variable by which processes of a test run are found again. */
export const MARK = "MONITAURI_TEST_RUN";

export interface Place {
  /** `undefined`: the host's own network namespace. */
  readonly namespace: string | undefined;
  /** Resolves to what the command prints. @throws with the command and its complaint. */
  exec(program: string, args: readonly string[], options?: { input?: string }): Promise<string>;
  /** The pid of the child is that of the program itself: nothing stays between it and the test. */
  spawn(program: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
}

const alive = new Set<ChildProcess>();
const cleanups = new Set<() => void>();
let watching = false;

export function place(namespace?: string): Place {
  return {
    namespace,
    exec: (program, args, options) => run(...inside(namespace, program, args), options),
    spawn: (program, args, options) => {
      const [command, all] = inside(namespace, program, args);
      return start(command, all, options);
    },
  };
}

export const host: Place = place();

/** Runs a command to its end. @throws with the command and what it wrote to stderr. */
export function run(
  program: string,
  args: readonly string[],
  { input }: { input?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { env: environment(), maxBuffer: 2 ** 28 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(failure(program, args, stderr || error.message));
      },
    );
    child.stdin?.on("error", () => {}); // It may end without reading.
    child.stdin?.end(input);
  });
}

/** For clean-up, which must also work while the process exits: nothing is thrown. */
export function runSync(program: string, args: readonly string[]): string {
  const { stdout } = spawnSync(program, args, { encoding: "utf8" });
  return stdout ?? "";
}

/** Kills a child with everything in its process group. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || !alive.has(child)) return;
  signal(-child.pid);
}

export function signal(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}

/** `cleanup` runs when this process exits or is interrupted, unless the returned function is called before. */
export function atEnd(cleanup: () => void): () => void {
  watch();
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

function inside(
  namespace: string | undefined,
  program: string,
  args: readonly string[],
): [string, string[]] {
  if (namespace === undefined) return [program, [...args]];
  return ["ip", ["netns", "exec", namespace, program, ...args]]; // Executes in place: same pid.
}

function start(program: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  watch();
  const child = spawnChild(program, args, {
    ...options,
    env: { ...environment(), ...options.env },
    detached: true, // A process group of its own, so that forked children end with it.
  });
  alive.add(child);
  // "exit" follows the reaping of the leader; what is left of its group may live on.
  child.on("exit", () => alive.delete(child));
  child.on("error", () => alive.delete(child));
  return child;
}

function environment(): NodeJS.ProcessEnv {
  const path = `${process.env.PATH ?? "/usr/bin:/bin"}:/usr/local/sbin:/usr/sbin:/sbin`;
  return { ...process.env, PATH: path, LC_ALL: "C", [MARK]: RUN };
}

function failure(program: string, args: readonly string[], complaint: string): Error {
  return new Error(`Cannot run "${[program, ...args].join(" ")}": ${complaint.trim()}`);
}

function watch(): void {
  if (watching) return;
  watching = true;
  process.on("exit", cleanUp);
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(name, () => {
      cleanUp();
      process.kill(process.pid, name); // Once is over: now it ends the process, as it should.
    });
  }
}

function cleanUp(): void {
  for (const child of alive) killGroup(child);
  for (const cleanup of [...cleanups].reverse()) cleanup();
  cleanups.clear();
}
