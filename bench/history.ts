// What the history costs, and what a crash takes: a simulated year of a desktop or a server, and SIGKILL at random
// moments. On a file of this machine's disk, through the same code as the daemon's.
//   node bench/history.ts year desktop|server [DAYS] [FILE] [HOURS]   FILE: made by prepare, so that only the last day is
//                                                       written, of it so many hours
//   node bench/history.ts prepare desktop|server DAYS FILE
//   node bench/history.ts ratio FILE          CPU of a month by process against a month by remote, in turns
//   node bench/history.ts kill [TIMES]
import {
  closeSync,
  copyFileSync,
  existsSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { HistoryQuery } from "../src/model/history.ts";
import { openHistoryStore } from "../src/store/open.ts";
import { openHistoryReader } from "../src/store/reader.ts";
import { killMany } from "./history-kill.ts";
import { DAY_MS, dayOfTicks, LOADS, type Load } from "./history-load.ts";

/** At the end are this many days whose every second is written, on this machine's disk. Before them as many days of
 * minutes as minutes are kept, and before these ticks of an hour, all through the same code but in memory. */
const FULL_DAYS = 1;
const MINUTE_DAYS = 31;
const HOUR_MS = 3_600_000;
const START_MS = Date.parse("2026-01-01T00:00:00Z");
const ASKED = 7;
/** What the disk alone takes meanwhile: a page written and synced, beside every so many ticks. */
const BARE_EVERY = 50;
const BARE_BYTES = 4_096;
const RATIO_ROUNDS = 21;

const [what, which, count, prepared, hours] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "monitauri-bench-"));
try {
  if (what === "prepare" && isLoad(which) && prepared !== undefined) {
    const made = prepare(which, Number(count), LOADS[which]);
    copyFileSync(made, prepared);
    rmSync(dirname(made), { recursive: true });
  } else if (what === "year" && isLoad(which)) {
    year(which, Number(count ?? 365));
  } else if (what === "ratio" && which !== undefined) {
    ratio(which);
  } else if (what === "kill") {
    await kill(Number(which ?? 200));
  } else {
    console.error(
      "Usage: history.ts year desktop|server [DAYS] | prepare desktop|server DAYS FILE | ratio FILE | kill [TIMES]",
    );
    process.exitCode = 2;
  }
} finally {
  rmSync(folder, { recursive: true });
}

async function kill(times: number): Promise<void> {
  const { worstLostMs, ticks, failures } = await killMany({ folder, times });
  console.log(`${times} kills, ${ticks} ticks said to be written, ${failures.length} faults`);
  console.log(`worst loss ${worstLostMs} ms`);
  for (const failure of failures) console.log(failure);
  if (failures.length > 0) process.exitCode = 1;
}

function isLoad(name: string | undefined): name is keyof typeof LOADS {
  return name === "desktop" || name === "server";
}

/** All days but the last ones; returns the file. */
function prepare(name: string, days: number, load: Load): string {
  const path = join(mkdtempSync(`/dev/shm/monitauri-bench-${name}-`), "history.db");
  let nowMs = START_MS;
  const store = openHistoryStore({ path, version: "bench", now: () => nowMs, zone: "UTC" });
  store.changeSettings({ maxBytes: 2 ** 36 });
  for (let day = 0; day < days - FULL_DAYS; day += 1) {
    const intervalMs = day >= days - FULL_DAYS - MINUTE_DAYS ? 60_000 : HOUR_MS;
    for (const tick of dayOfTicks(load, { day, startMs: START_MS, intervalMs })) {
      nowMs = tick.atMs;
      store.append(tick);
    }
    if ((day + 1) % 30 === 0 || intervalMs < HOUR_MS) {
      const resident = megabytes(process.memoryUsage.rss());
      console.log(`day ${day + 1}: ${megabytes(sizeOf(path))} MB, ${resident} MB resident`);
    }
  }
  store.close();
  return path;
}

function year(name: keyof typeof LOADS, days: number): void {
  const load: Load = LOADS[name];
  const startedMs = performance.now();
  const path = join(folder, "history.db");
  const made = prepared ?? prepare(name, days, load);
  copyFileSync(made, path);
  if (prepared === undefined) rmSync(dirname(made), { recursive: true });
  let nowMs = START_MS + (days - FULL_DAYS) * DAY_MS;
  const store = openHistoryStore({ path, version: "bench", now: () => nowMs, zone: "UTC" });
  const sizeBefore = sizeOf(path);
  const tickMs: number[] = [];
  const cpuMs: number[] = [];
  const bareMs: number[] = [];
  const endMs = nowMs + Number(hours ?? 24) * HOUR_MS;
  const bare = openSync(join(folder, "bare"), "w");
  for (let day = days - FULL_DAYS; day < days; day += 1) {
    for (const tick of dayOfTicks(load, { day, startMs: START_MS, intervalMs: 1_000 })) {
      if (tick.atMs > endMs) break;
      nowMs = tick.atMs;
      const cpu = process.cpuUsage();
      const beganMs = performance.now();
      store.append(tick);
      tickMs.push(performance.now() - beganMs);
      const { user, system } = process.cpuUsage(cpu);
      cpuMs.push((user + system) / 1_000);
      if (tickMs.length % BARE_EVERY === 0) bareMs.push(syncedWrite(bare));
    }
  }
  closeSync(bare);
  const resident = megabytes(process.memoryUsage.rss());
  console.log(`day ${days}: ${megabytes(sizeOf(path))} MB, ${resident} MB resident`);
  const { fault, lostTicks, keptFromMs } = store.state();
  console.log(
    `fault ${fault}, lost ${lostTicks}, made in ${Math.round((performance.now() - startedMs) / 1000)} s`,
  );
  console.log(
    `kept from ${Object.entries(keptFromMs)
      .map(([level, atMs]) => `${level} ${new Date(atMs).toISOString()}`)
      .join(", ")}`,
  );
  console.log(`the day of seconds added ${megabytes(sizeOf(path) - sizeBefore)} MB`);
  console.log(`ticks of a second: ${spread(tickMs)}`);
  console.log(`CPU of them: ${spread(cpuMs)}`);
  console.log(`a bare synced write of ${BARE_BYTES} bytes meanwhile: ${spread(bareMs)}`);
  const toMs = nowMs;
  const application = `path:/usr/bin/app-${load.busiest}`;
  ask("last 24 h by application", { fromMs: toMs - DAY_MS, toMs, groupBy: "application" });
  ask("last 24 h by application, with series", {
    fromMs: toMs - DAY_MS,
    toMs,
    groupBy: "application",
    stepMs: "auto",
    top: 10,
  });
  ask("a month by remote for one application", {
    fromMs: toMs - 30 * DAY_MS,
    toMs,
    groupBy: "remote",
    filter: { application: [application] },
  });
  ask("a month by remote of all", { fromMs: toMs - 30 * DAY_MS, toMs, groupBy: "remote" });
  ask("a month by process", { fromMs: toMs - 30 * DAY_MS, toMs, groupBy: "process" });
  ask("a year by process", { fromMs: toMs - 365 * DAY_MS, toMs, groupBy: "process" });
  ask("a year by day", { fromMs: toMs - 365 * DAY_MS, toMs, stepMs: DAY_MS });
  ask("a year by day and application", {
    fromMs: toMs - 365 * DAY_MS,
    toMs,
    stepMs: DAY_MS,
    groupBy: "application",
  });
  ask("a month's 95th percentile", { fromMs: toMs - 30 * DAY_MS, toMs, percentile: true });
  ask("last hour by second", { fromMs: toMs - 3_600_000, toMs, stepMs: 1_000 });
  store.close();
  console.log(`closed: ${megabytes(sizeOf(path))} MB`);

  function ask(title: string, query: HistoryQuery): void {
    const times = Array.from({ length: ASKED }, () => {
      const beganMs = performance.now();
      store.query(query);
      return performance.now() - beganMs;
    });
    const { rows, others, series } = store.query(query);
    const [first = 0] = times;
    const median = times.toSorted((a, b) => a - b)[ASKED >> 1] ?? 0;
    console.log(
      `${title}: median ${median.toFixed(1)} ms, first ${first.toFixed(1)} ms (${rows.length + (others?.count ?? 0)} rows, ${series?.startsMs.length ?? 0} steps)`,
    );
  }
}

/** In turns, so that other work on the machine meets both; its caches take the first rounds. */
function ratio(path: string): void {
  using reader = openHistoryReader({ path, now: Date.now, zone: "UTC" });
  const all = { fromMs: START_MS, toMs: START_MS + 2 * 366 * DAY_MS };
  const { sessions } = reader.query(all);
  const toMs = Math.floor((sessions[0]?.toMs ?? START_MS) / DAY_MS) * DAY_MS;
  const groupings = ["remote", "process"] as const;
  const cpuMs = { remote: [] as number[], process: [] as number[] };
  for (let round = -ASKED; round < RATIO_ROUNDS; round += 1) {
    for (const groupBy of groupings) {
      const before = process.cpuUsage();
      reader.query({ fromMs: toMs - 30 * DAY_MS, toMs, groupBy });
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) cpuMs[groupBy].push((user + system) / 1_000);
    }
  }
  const [remote = 0, byProcess = 0] = groupings.map(
    (by) => cpuMs[by].toSorted((a, b) => a - b)[RATIO_ROUNDS >> 1],
  );
  console.log(
    `a month up to ${new Date(toMs).toISOString()}, CPU: by remote ${remote.toFixed(1)} ms, by process ${byProcess.toFixed(1)} ms, ratio ${(byProcess / remote).toFixed(2)}`,
  );
}

function syncedWrite(file: number): number {
  const beganMs = performance.now();
  writeSync(file, Buffer.alloc(BARE_BYTES, 1));
  fdatasyncSync(file);
  return performance.now() - beganMs;
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(2);
  const within = (100 * sorted.filter((ms) => ms < 15).length) / sorted.length;
  const most = (sorted.at(-1) ?? Number.NaN).toFixed(1);
  return `${sorted.length}; median ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, most ${most} ms; ${within.toFixed(2)} % under 15 ms`;
}

function sizeOf(path: string): number {
  return [path, `${path}-wal`].reduce(
    (sum, name) => sum + (existsSync(name) ? statSync(name).size : 0),
    0,
  );
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
