// Kills a process that writes history, at random moments, and reads what it left.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { openHistoryStore } from "../src/store/open.ts";
import { detailOf } from "../src/store/scripted-ticks.ts";

const WRITER = join(import.meta.dirname, "history-writer.ts");
const START_MS = Date.parse("2026-11-08T22:50:00Z");
/** From the first tick that is said to be written to the kill, at most. */
const LONGEST_MS = 400;

export interface KillResult {
  readonly worstLostMs: number;
  /** Said to be written, in all. */
  readonly ticks: number;
  /** What was wrong, one sentence each. */
  readonly failures: readonly string[];
}

/** One file through all kills, so that each begins where the last one tore. */
export async function killMany({
  folder,
  times,
}: {
  folder: string;
  times: number;
}): Promise<KillResult> {
  const path = join(folder, "killed.db");
  const failures: string[] = [];
  let fromMs = START_MS;
  let worstLostMs = 0;
  let ticks = 0;
  let expectedBytes = 0;
  for (let n = 0; n < times; n += 1) {
    const { begun, written } = await writeAndKill(path, fromMs, Math.random() * LONGEST_MS);
    ticks += written;
    const found = readBack(path, { fromMs, toMs: nextMinute(fromMs + begun * 1_000) });
    if (found.integrity !== "ok") failures.push(`kill ${n + 1}: ${found.integrity}`);
    // Each tick stands for a second.
    const lost = Math.max(0, begun - found.ticks);
    worstLostMs = Math.max(worstLostMs, lost * 1_000);
    if (found.ticks < written)
      failures.push(
        `kill ${n + 1}: ${written - found.ticks} ticks lost that were said to be written`,
      );
    if (lost > 2) failures.push(`kill ${n + 1}: ${lost} s lost`);
    expectedBytes += found.bytes;
    // The next minute: details are kept by minutes.
    fromMs = nextMinute(fromMs + begun * 1_000);
  }
  const all = readBack(path, { fromMs: START_MS, toMs: fromMs });
  if (all.bytes !== expectedBytes)
    failures.push(`days say ${all.bytes} bytes, the parts ${expectedBytes}`);
  return { worstLostMs, ticks, failures };
}

function nextMinute(atMs: number): number {
  return (Math.floor(atMs / 60_000) + 1) * 60_000;
}

async function writeAndKill(path: string, fromMs: number, afterMs: number) {
  const child = spawn(process.execPath, [WRITER, path, String(fromMs)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let begun = 0;
  let written = 0;
  const first = Promise.withResolvers<void>();
  const ended = once(child, "close");
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.startsWith("begin")) begun += 1;
    if (line.startsWith("done")) written += 1;
    if (line.startsWith("done")) first.resolve();
  });
  await Promise.race([first.promise, ended]);
  await sleep(afterMs);
  child.kill("SIGKILL");
  await ended;
  return { begun, written };
}

function readBack(path: string, period: { fromMs: number; toMs: number }) {
  const store = openHistoryStore({
    path,
    version: "check",
    now: () => period.toMs,
    zone: "Europe/Berlin",
  });
  const { warnings } = store.trouble();
  const { total } = store.query(period);
  const { remote } = detailOf();
  const marks = store.query({ ...period, filter: { remote: [remote] } }).total;
  store.close();
  const db = new DatabaseSync(path, { readOnly: true });
  const found = String(db.prepare("PRAGMA integrity_check").get()?.integrity_check);
  db.close();
  const ticks = marks.connectionsOpened ?? 0;
  return { integrity: warnings[0] ?? found, bytes: total.rxBytes, ticks };
}
