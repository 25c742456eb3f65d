// Ticks of a desktop and of a server, made up as issue "History" describes them.
import type { HistoryDetail, HistoryProcess, HistoryTick } from "../src/model/history.ts";
import { type Chance, chanceOf, detailOf, tickOf } from "../src/store/scripted-ticks.ts";

export const DAY_MS = 86_400_000;

export interface Load {
  readonly hours: number;
  readonly applications: number;
  /** Remotes that a period has, and how long it is. */
  readonly remotes: number;
  readonly periodMs: number;
  /** Remotes that come back every day. */
  readonly usual: number;
  /** All there are. */
  readonly pool: number;
  readonly activeApplications: number;
  /** Pairs of a minute, of which a second has `perSecond`. */
  readonly pairsAMinute: number;
  readonly perSecond: number;
  readonly pairsAnHour: number;
  /** Number of the application with the most remotes, and which part of them: one in so many. */
  readonly busiest: number;
  readonly busiestPart: number;
  /** Processes of the busiest one. */
  readonly workers: number;
}

export const LOADS: Readonly<Record<"desktop" | "server", Load>> = {
  // 16 hours a day, 60 applications and 400 remotes a day; 12 applications and 40 pairs in a minute.
  desktop: {
    hours: 16,
    applications: 60,
    remotes: 400,
    periodMs: DAY_MS,
    usual: 200,
    pool: 20_000,
    activeApplications: 12,
    pairsAMinute: 40,
    perSecond: 25,
    pairsAnHour: 150,
    busiest: 0,
    busiestPart: 4,
    workers: 3,
  },
  // 2,000 remotes an hour and 60 pairs in a second, most of them of one program.
  server: {
    hours: 24,
    applications: 20,
    remotes: 2_000,
    periodMs: 3_600_000,
    usual: 500,
    pool: 20_000,
    activeApplications: 12,
    pairsAMinute: 200,
    perSecond: 60,
    pairsAnHour: 2_600,
    busiest: 0,
    busiestPart: 2,
    workers: 8,
  },
};

export interface DayOptions {
  readonly day: number;
  readonly startMs: number;
  readonly intervalMs: number;
}

export function* dayOfTicks(
  load: Load,
  { day, startMs, intervalMs }: DayOptions,
): Generator<HistoryTick> {
  const chance = chanceOf(day + 1);
  const fromMs = startMs + day * DAY_MS;
  const toMs = fromMs + load.hours * 3_600_000;
  const isHour = intervalMs > 60_000;
  const count = isHour ? load.pairsAnHour : load.pairsAMinute;
  const perTick = intervalMs < 60_000 ? load.perSecond : count;
  let remotes: number[] = [];
  let pairs: HistoryDetail[] = [];
  for (let atMs = fromMs + intervalMs; atMs <= toMs; atMs += intervalMs) {
    const beganMs = atMs - intervalMs;
    if ((beganMs - fromMs) % load.periodMs === 0) remotes = remotesOf(load, chance);
    if (beganMs % 60_000 === 0) pairs = pairsOf(load, { chance, remotes, count });
    // Another part of the minute's pairs each second.
    const first = Math.floor(chance() * pairs.length);
    const active = Array.from({ length: perTick }, (_, n) => {
      const pair = pairs[(first + n) % pairs.length] ?? detailOf();
      return {
        ...pair,
        rxBytes: Math.floor(10 ** (1 + chance() * 5)),
        txBytes: Math.floor(10 ** (1 + chance() * 4)),
        connectionsOpened: chance() < 0.1 ? 1 : 0,
      };
    });
    const tick = tickOf(atMs, active, { intervalMs });
    yield { ...tick, processes: tick.processes.flatMap((one) => processesOf(load, one, beganMs)) };
  }
}

/** The busiest program has workers that share its traffic; of the others one in three is a command that runs anew every
 * hour, the rest run all day. */
function processesOf(load: Load, whole: HistoryProcess, atMs: number): HistoryProcess[] {
  const number = Number(whole.application.slice(whole.application.lastIndexOf("-") + 1));
  const dayMs = Math.floor(atMs / DAY_MS) * DAY_MS;
  const hourMs = Math.floor(atMs / 3_600_000) * 3_600_000;
  const startedAtMs = number % 3 === 1 ? hourMs : dayMs;
  if (number !== load.busiest) return [{ ...whole, pid: 1_000 + number, startedAtMs }];
  const part = (bytes: number, n: number) =>
    Math.floor(bytes / load.workers) + (n === 0 ? bytes % load.workers : 0);
  return Array.from({ length: load.workers }, (_, n) => ({
    ...whole,
    pid: 2_000 + n,
    startedAtMs,
    rxBytes: part(whole.rxBytes, n),
    txBytes: part(whole.txBytes, n),
    interfaces: whole.interfaces.map(({ name, rxBytes, txBytes }) => ({
      name,
      rxBytes: part(rxBytes, n),
      txBytes: part(txBytes, n),
    })),
  }));
}

function remotesOf({ remotes, usual, pool }: Load, chance: Chance): number[] {
  return Array.from({ length: remotes }, (_, n) =>
    n < usual ? n : usual + Math.floor(chance() * (pool - usual)),
  );
}

/** Each remote is one program's, as most are; the busiest program has a large part of all. */
function pairsOf(
  load: Load,
  { chance, remotes, count }: { chance: Chance; remotes: readonly number[]; count: number },
): HistoryDetail[] {
  const owner = (remote: number) =>
    remote % load.busiestPart === 0
      ? load.busiest
      : Math.floor(remote / load.busiestPart) % load.applications;
  const active = new Set([load.busiest]);
  while (active.size < load.activeApplications) {
    active.add(Math.floor(chance() * load.applications));
  }
  const near = remotes.filter((remote) => active.has(owner(remote)));
  return Array.from({ length: count }, () => {
    const remote = near[Math.floor(chance() * near.length)] ?? 0;
    const application = owner(remote);
    return detailOf({
      application: `path:/usr/bin/app-${application}`,
      interface: remote % 10 === 1 ? "wg0" : "eth0",
      remote: `host-${remote}.example.org`,
      port: remote % 7 === 0 ? 80 : 443,
      country: `${"DFUNJ"[remote % 5]}${"ERSLP"[remote % 5]}`,
      scope: remote % 10 === 1 ? "vpn" : "internet",
      direction: load.periodMs < DAY_MS && application === load.busiest ? "in" : "out",
    });
  });
}
