// Starts traffic generators, holds them at their barriers and collects what they say they sent and received.
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { compile } from "./compile.ts";
import { host, killGroup, type Place } from "./place.ts";

/** Every generator and the file it is in: Python as it is, C compiled first. */
const SOURCES = {
  tcp: "tcp.py",
  servers: "servers.py",
  fdpass: "fdpass.py",
  "exec-mid": "exec-mid.py",
  udp: "udp.py",
  datagrams: "datagrams.py",
  packets: "packets.py",
  copies: "copies.py",
  tun: "tun.py",
  sctp: "../../kernels/sctp.py",
  shortlived: "shortlived.c",
  mmsg: "mmsg.c",
  "udp-gso": "udp-gso.c",
  zerocopy: "zerocopy.c",
  uring: "uring.c",
  many: "many.c",
  flood: "flood.c",
} as const;

/** A virtual machine without hardware help asks for more. */
const PATIENCE_MS = Number(process.env.MONITAURI_TEST_PATIENCE_MS ?? 30_000);
const INHERITOR = join(import.meta.dirname, "inherit.c");
const PYTHON = "/usr/bin/python3";

export type GeneratorName = keyof typeof SOURCES;

/** `true` is an option without a value, `false` and `undefined` leave it out, a list is joined by commas. */
export type OptionValue = string | number | boolean | readonly (string | number)[] | undefined;

export interface Start {
  generator: GeneratorName;
  role: string;
  /** Default: the host's namespace. */
  at?: Place;
  /** Names in camel case: `afterExec: 5` becomes `--after-exec 5`. */
  options?: Record<string, OptionValue>;
  /** What /proc/PID/comm says, of its children too; at most 15 characters. Default: the program's. */
  name?: string;
  /** The generator is killed then and its result is an error. Default: 30 s. */
  timeoutMs?: number;
}

export interface Endpoint {
  address: string;
  port: number;
}

/** What one process did on one socket, or on several where `sockets` says so. */
export interface Row {
  pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks between boot and the start of the process. */
  startTicks: number;
  protocol: string;
  local?: Endpoint;
  remote?: Endpoint;
  /** SO_COOKIE of the socket, in decimal: a number would lose digits. */
  cookie?: string;
  sockets?: number;
  txPayloadBytes: number;
  rxPayloadBytes: number;
  /** Calls, or messages of one call, that moved data. */
  txCalls: number;
  rxCalls: number;
  [more: string]: unknown;
}

export interface Result {
  role: string;
  results: Row[];
}

export interface Ready {
  pid: number;
  /** The barrier it stands at: "start", "open", "half", "linger", ... */
  point: string;
}

export interface Generator extends AsyncDisposable {
  readonly pid: number;
  /** The next barrier it reaches. @throws when it ends before. */
  ready(): Promise<Ready>;
  /** The port of a server that listens, or of a receiver that is bound. @throws when it ends before. */
  listening(): Promise<number>;
  /** Lets it go on from a barrier; tells a receiver without a count to finish what has arrived. */
  release(): void;
  /** Sends a line to a generator that takes commands. */
  command(line: string): void;
  /** Its result when it has ended. @throws when it fails or takes too long, with what it wrote to stderr. */
  result(): Promise<Result>;
  /** Ends it with all processes it forked. */
  kill(): Promise<void>;
}

export async function startGenerator(start: Start): Promise<Generator> {
  const { at = host, timeoutMs = PATIENCE_MS } = start;
  const [program, ...args] = await commandLine(start);
  const env = start.name === undefined ? {} : { MONITAURI_GENERATOR_NAME: start.name };
  const child = at.spawn(program as string, args, { stdio: ["pipe", "pipe", "pipe"], env });
  const { pid } = child;
  const lines = readLines(child);
  // The caller may look at the result long after it failed.
  const result = collect(child, { lines, start, timeoutMs });
  result.catch(() => {});
  const ended = result.then(
    () => `${start.generator} ${start.role} has ended`,
    (error: Error) => error.message,
  );
  if (pid === undefined) throw new Error(await ended);
  const kill = async () => {
    killGroup(child);
    await ended;
  };
  return {
    pid,
    ready: () => lines.ready.next(ended),
    listening: () => lines.listening.next(ended),
    release: () => child.stdin?.write("\n"),
    command: (line) => child.stdin?.write(`${line}\n`),
    result: () => result,
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** Runs a generator without barriers from start to end. */
export async function runGenerator(start: Start): Promise<Result> {
  await using generator = await startGenerator(start);
  return await generator.result();
}

/**
 * Starts `server`, waits until it listens, runs `client` against it and returns both results. A server without
 * a count of its own is told to finish when the client has.
 */
export async function exchange(
  server: Start,
  client: Start | ((port: number) => Start),
): Promise<{ server: Result; client: Result }> {
  await using serving = await startGenerator(server);
  const port = await serving.listening();
  const sent = await runGenerator(typeof client === "function" ? client(port) : client);
  serving.release();
  return { server: await serving.result(), client: sent };
}

/** What each process sent and received over all its sockets, in the order of their first row. */
export function byProcess(rows: readonly Row[]): Row[] {
  const sums = new Map<string, Row>();
  for (const row of rows) {
    const key = `${row.pid} ${row.startTicks}`;
    const sum = sums.get(key);
    if (sum === undefined) {
      const { pid, startTicks, protocol, sockets = 1 } = row;
      const { txPayloadBytes, rxPayloadBytes, txCalls, rxCalls } = row;
      const counts = { txPayloadBytes, rxPayloadBytes, txCalls, rxCalls };
      sums.set(key, { pid, startTicks, protocol, sockets, ...counts });
    } else {
      sum.sockets = (sum.sockets ?? 1) + (row.sockets ?? 1);
      for (const name of ["txPayloadBytes", "rxPayloadBytes", "txCalls", "rxCalls"] as const) {
        sum[name] += row[name];
      }
    }
  }
  return [...sums.values()];
}

/** All rows together. */
export function total(rows: readonly Row[]): { txPayloadBytes: number; rxPayloadBytes: number } {
  const sum = { txPayloadBytes: 0, rxPayloadBytes: 0 };
  for (const row of rows) {
    sum.txPayloadBytes += row.txPayloadBytes;
    sum.rxPayloadBytes += row.rxPayloadBytes;
  }
  return sum;
}

async function commandLine({ generator, role, options = {} }: Start): Promise<string[]> {
  const source = join(import.meta.dirname, SOURCES[generator]);
  const args = Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === true) return [flag];
    return [flag, typeof value === "object" ? value.join(",") : String(value)];
  });
  if (source.endsWith(".c")) return [await compile(source), role, ...args];
  // This one ends as another program, which must be there when it does.
  if (generator === "exec-mid") args.push("--next", await compile(INHERITOR));
  // The system's Python: a shim of a version manager would run for a while as something else.
  return [existsSync(PYTHON) ? PYTHON : "python3", "-B", source, role, ...args];
}

interface Lines {
  ready: Queue<Ready>;
  listening: Queue<number>;
  last: () => string | undefined;
}

function readLines(child: ChildProcess): Lines {
  const ready = queue<Ready>();
  const listening = queue<number>();
  let last: string | undefined;
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [word, pid, what] = line.split(" ");
      if (word === "ready") ready.push({ pid: Number(pid), point: what ?? "" });
      else if (word === "listening") listening.push(Number(what));
      else last = line;
    });
  }
  return { ready, listening, last: () => last };
}

interface Queue<T> {
  push(item: T): void;
  /** @throws with the text of `ended` when that comes first. */
  next(ended: Promise<string>): Promise<T>;
}

function queue<T>(): Queue<T> {
  const items: T[] = [];
  const waiting: ((item: T) => void)[] = [];
  return {
    push(item) {
      const taker = waiting.shift();
      if (taker === undefined) items.push(item);
      else taker(item);
    },
    next(ended) {
      const item = items.shift();
      if (item !== undefined) return Promise.resolve(item);
      return new Promise((resolve, reject) => {
        waiting.push(resolve);
        void ended.then((why) => reject(new Error(`Waited in vain: ${why}`)));
      });
    },
  };
}

function collect(
  child: ChildProcess,
  { lines, start, timeoutMs }: { lines: Lines; start: Start; timeoutMs: number },
): Promise<Result> {
  const what = `${start.generator} ${start.role}`;
  let complaint = "";
  let late = false;
  child.stdin?.on("error", () => {}); // A line for a generator that has just ended.
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  const timer = setTimeout(() => {
    late = true;
    killGroup(child);
  }, timeoutMs);
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(new Error(`${what}: ${error.message}`, { cause: error }));
    });
    child.on("close", (code, name) => {
      clearTimeout(timer);
      const last = lines.last();
      if (code === 0 && last !== undefined) return resolve(JSON.parse(last));
      const why = late ? `no result in ${timeoutMs} ms` : `ended with ${name ?? code}`;
      reject(new Error(`${what}: ${why}\n${complaint.trim()}`.trim()));
    });
  });
}
