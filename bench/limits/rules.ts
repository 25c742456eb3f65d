// What rules cost when there are many: to put on, for each packet, and while nothing happens.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { LimitRule } from "../../src/model/limit.ts";
import { payloadRate, rule, startTransfer } from "../../test/e2e/limiting.ts";
import { row } from "../results.ts";
import { median } from "../statistics.ts";
import { MEGABIT, makeGround } from "./ground.ts";

const COUNTS = [0, 1, 100, 1_000, 2_000];
const ROUNDS = 3;

export async function manyRules(): Promise<object> {
  await using ground = await makeGround();
  const { a, b } = ground.world;
  const limiter = await ground.limiter();
  const found: object[] = [];
  console.log(
    row(
      "rules",
      "put on, ms",
      "the same again, ms",
      "a rate changed, ms",
      "CPU at rest",
      "others' rate, Gbit/s",
      "ns a packet, sent",
      "ns a packet, received",
    ),
  );
  console.log("|---|---|---|---|---|---|---|---|");
  for (const count of COUNTS) {
    const rules = mixed(count);
    const appliedMs = await timed(() => limiter.apply(rules));
    const againMs = await timed(() => limiter.apply(rules));
    const [first, ...rest] = rules;
    const changed =
      first === undefined ? [] : [{ ...first, txBytesPerSecond: 2 * MEGABIT }, ...rest];
    const changedMs = await timed(() => limiter.apply(changed));
    const before = cpuMs(limiter.pid);
    await sleep(8_000);
    const cpu = (cpuMs(limiter.pid) - before) / 8_000;
    const rates: number[] = [];
    await setStatistics(1);
    for (let round = 0; round < ROUNDS; round += 1) {
      await using transfer = await startTransfer({ place: a }, { place: b }, { address: b.ip4 });
      await sleep(2_500);
      rates.push(payloadRate(await transfer.stop(), 0.5, 2));
    }
    const costs = await programCosts();
    await setStatistics(0);
    const gigabits = (median(rates) * 8) / 1e9;
    found.push({ count, appliedMs, againMs, changedMs, cpu, gigabits, costs });
    console.log(
      row(
        count,
        Math.round(appliedMs),
        Math.round(againMs),
        Math.round(changedMs),
        `${(cpu * 100).toFixed(1)} %`,
        gigabits.toFixed(1),
        costs.limit_egress ?? "-",
        costs.limit_ingress ?? "-",
      ),
    );
  }
  return { found };
}

/** Of all kinds, none of which fits the measured transfer. */
function mixed(count: number): LimitRule[] {
  return Array.from({ length: count }, (_, at) => {
    const effect = { txBytesPerSecond: MEGABIT, rxBytesPerSecond: MEGABIT };
    if (at % 3 === 0) return rule({ kind: "application", pattern: `/opt/program-${at}` }, effect);
    if (at % 3 === 1)
      return rule({ kind: "remote", network: `203.0.${at >> 8}.${at & 255}` }, effect);
    return rule({ kind: "port", port: 1 + at, protocol: "udp" }, effect);
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function setStatistics(value: 0 | 1): Promise<void> {
  const { host } = await import("../../test/e2e/generators/place.ts");
  await host.exec("sysctl", ["-qw", `kernel.bpf_stats_enabled=${value}`]);
}

/** Nanoseconds of one run. */
async function programCosts(): Promise<Record<string, number>> {
  const { host } = await import("../../test/e2e/generators/place.ts");
  const programs: { name: string; run_time_ns?: number; run_cnt?: number }[] = JSON.parse(
    await host.exec("bpftool", ["-j", "prog", "show"]),
  );
  const found: Record<string, number> = {};
  for (const { name, run_time_ns = 0, run_cnt = 0 } of programs) {
    if (name.startsWith("limit_") && run_cnt > 1_000)
      found[name] = Math.round(run_time_ns / run_cnt);
  }
  return found;
}
