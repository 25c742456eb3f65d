// For tests of limits: a limiter in a namespace, rules with what is usual, and transfers whose rate is measured where
// they arrive.
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { LimitAchieved, LimitRule, LimitTarget } from "../../src/model/limit.ts";
import { host, type Place } from "./generators/place.ts";

const RATES = join(import.meta.dirname, "generators", "rates.py");
const PROCESS = join(import.meta.dirname, "limiter-process.ts");
export const PYTHON = "/usr/bin/python3";
const BIN_S = 0.1;

let rules = 0;

/** A rule in force that does only what is given. */
export function rule(target: LimitTarget, effect: Partial<LimitRule> = {}): LimitRule {
  rules += 1;
  return {
    id: `l${rules}`,
    target,
    rxBytesPerSecond: null,
    txBytesPerSecond: null,
    block: false,
    rxGuaranteedBytesPerSecond: null,
    txGuaranteedBytesPerSecond: null,
    priority: 3,
    exceptLan: false,
    enabled: true,
    schedule: null,
    expiresAtMs: null,
    createdAtMs: rules,
    ...effect,
  };
}

export interface LimiterProcess extends AsyncDisposable {
  readonly pid: number;
  apply(rules: readonly LimitRule[]): Promise<void>;
  plan(rules: readonly LimitRule[]): Promise<string[]>;
  achieved(): Promise<LimitAchieved[]>;
  clear(): Promise<void>;
  /** Its thread does nothing else for so long. */
  hang(ms: number): Promise<void>;
  /** From now on its clock is so far ahead of the kernel's. */
  ahead(ms: number): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
  stderr(): string;
}

/** The network namespace of a place alone, with the host's view of files: `ip netns exec` hides the cgroups. */
export function networkOf({ namespace }: Place): Place {
  const enter = (file: string, args: readonly string[]) => [
    `--net=/run/netns/${namespace}`,
    file,
    ...args,
  ];
  return {
    namespace,
    exec: (file, args, options) => host.exec("nsenter", enter(file, args), options),
    spawn: (file, args, options) => host.spawn("nsenter", enter(file, args), options),
  };
}

export async function startLimiter(at: Place, journal: string): Promise<LimiterProcess> {
  const child = networkOf(at).spawn(process.execPath, [PROCESS, journal], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const lines = linesOf(child);
  let complaints = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const next = async (): Promise<Record<string, unknown>> => {
    const line = await lines.next();
    if (line.done) throw new Error(`The limiter ended: ${complaints}`);
    const answer = JSON.parse(line.value);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  };
  const ask = async (question: object) => {
    child.stdin?.write(`${JSON.stringify(question)}\n`);
    return next();
  };
  const kill = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };
  await next();
  return {
    pid: child.pid ?? 0,
    apply: async (wanted) => void (await ask({ apply: wanted })),
    plan: async (wanted) => (await ask({ plan: wanted })).lines as string[],
    achieved: async () => (await ask({ achieved: true })).achieved as LimitAchieved[],
    clear: async () => void (await ask({ clear: true })),
    hang: async (ms) => void (await ask({ hang: ms })),
    ahead: async (ms) => void (await ask({ ahead: ms })),
    kill,
    stderr: () => complaints,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.stdin?.end();
      await ended;
    },
  };
}

/** Everything started there is put into a cgroup before it runs. */
export function inCgroup(at: Place, cgroup: string): Place {
  const enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
  const within = ["-c", enter, cgroup, "ip", "netns", "exec", at.namespace ?? ""];
  return {
    ...at,
    exec: (file, args, options) => host.exec("sh", [...within, file, ...args], options),
    spawn: (file, args, options) => host.spawn("sh", [...within, file, ...args], options),
  };
}

export interface End {
  readonly place: Place;
  /** Named like this when it runs: a copy or another name of Python. */
  readonly program?: string;
  readonly options?: Readonly<Record<string, string | number | boolean>>;
}

export interface Transfer extends AsyncDisposable {
  readonly source: Moving;
  readonly sink: Moving;
  /**
   * Stops it; payload bytes that arrived in each tenth of a second. Of TCP those of full segments, repeated ones too and
   * whether the program could read them yet or not: what waited behind a lost segment is read all at once.
   */
  stop(): Promise<number[]>;
  /** After stop(): payload bytes that the program had read in each tenth of a second. */
  read(): readonly number[];
  /** After stop(), of TCP: segments that had arrived by the end of each tenth of a second, repeated ones too. */
  segments(): readonly number[];
}

/** The last line of a sink. */
interface Told {
  readonly bins: number[];
  readonly segments: number[];
  /** 0: not TCP. */
  readonly segmentBytes: number;
}

export interface Moving {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Its next line. */
  line(): Promise<Record<string, number | null>>;
}

/** Who listens is at `address`; the other connects. Runs until it is stopped. */
export async function startTransfer(
  from: End,
  to: End,
  { address, listens = "sink" }: { address: string; listens?: "sink" | "source" },
): Promise<Transfer> {
  const family = address.includes(":") ? 6 : 4;
  const isSinkFirst = listens === "sink";
  const [firstEnd, secondEnd] = isSinkFirst ? [to, from] : [from, to];
  const first = start(isSinkFirst ? "sink" : "source", firstEnd, { family, address, listen: true });
  const { port, pid: firstPid } = await first.line();
  const second = start(isSinkFirst ? "source" : "sink", secondEnd, {
    family,
    address,
    port: port ?? 0,
  });
  const { pid: secondPid } = await second.line();
  const listening = { ...first, pid: firstPid ?? 0 };
  const connecting = { ...second, pid: secondPid ?? 0 };
  const [sink, source] = isSinkFirst ? [listening, connecting] : [connecting, listening];
  let segments: readonly number[] = [];
  let read: readonly number[] = [];
  const end = async () => {
    for (const { child } of [source, sink]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
  };
  return {
    source,
    sink,
    async stop() {
      sink.child.stdin?.end();
      const told = (await sink.line()) as unknown as Told;
      segments = told.segments;
      read = told.bins;
      await end();
      if (told.segmentBytes === 0) return told.bins;
      return segments.map((until, at) => (until - (segments[at - 1] ?? 0)) * told.segmentBytes);
    },
    read: () => read,
    segments: () => segments,
    [Symbol.asyncDispose]: end,
  };
}

function start(
  role: "source" | "sink",
  { place, program = PYTHON, options }: End,
  more: Record<string, string | number | boolean>,
): Moving {
  const args = Object.entries({ ...options, ...more }).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : value === false ? [] : [`--${name}`, String(value)],
  );
  const child = place.spawn(program, [RATES, role, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = linesOf(child);
  return {
    pid: child.pid ?? 0,
    child,
    async line() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`The ${role} ended without a word`);
      return JSON.parse(value);
    },
  };
}

function linesOf(child: ChildProcess): AsyncIterator<string> {
  if (child.stdout === null) throw new Error("stdout is not a pipe");
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
}

/** Payload bytes per second between two moments after the first byte. */
export function payloadRate(bins: readonly number[], fromS: number, toS: number): number {
  const part = bins.slice(Math.round(fromS / BIN_S), Math.round(toS / BIN_S));
  return part.reduce((sum, bytes) => sum + bytes, 0) / (part.length * BIN_S);
}

/** The same of the last seconds, without the last tenth, which is not whole. */
export function lastRate(bins: readonly number[], seconds: number): number {
  const until = (bins.length - 1) / 10;
  return payloadRate(bins, until - seconds, until);
}

/** What is measured in a few seconds may have been measured while the machine stood still: it may be measured again. */
export async function settled(measure: () => Promise<unknown>, tries = 3): Promise<void> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      await measure();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await sleep(1_000);
    }
  }
}

/** Of a cap, where a rate is measured on a machine with other work. */
export const TOLERANCE = 0.15;

export function assertNear(share: number, what: string): void {
  assert.ok(Math.abs(share - 1) < TOLERANCE, `${what}: ${(share * 100).toFixed(1)} % of the cap`);
}

export interface Kept {
  readonly cap: number;
  readonly what: string;
  /** Bytes on the wire for each byte of payload. */
  readonly factor: number;
  /** While it moves. */
  readonly meanwhile?: (() => Promise<void>) | undefined;
}

/** What arrives of a transfer, once it has begun well, is what the cap lets pass. */
export function assertKept(
  { cap, what, factor, meanwhile }: Kept,
  begin: () => Promise<Transfer>,
): Promise<void> {
  return settled(async () => {
    await using transfer = await begin();
    await sleep(3_500);
    await meanwhile?.();
    assertNear((lastRate(await transfer.stop(), 2) * factor) / cap, what);
  });
}

/** Bytes of a full frame for each byte of payload: 14 link, 20 or 40 IP, 32 TCP with time stamps or 8 UDP. */
export function wireFactor(protocol: "tcp" | "udp", address: string, payload = 1400): number {
  const ip = address.includes(":") ? 40 : 20;
  if (protocol === "udp") return (payload + 8 + ip + 14) / payload;
  return 1514 / (1500 - ip - 32);
}
