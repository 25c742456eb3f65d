// Hundreds of random changes under traffic, and then nothing left; dozens of kills, and never a network that is stuck.
import { setTimeout as sleep } from "node:timers/promises";
import type { LimitRule } from "../../src/model/limit.ts";
import { rule, startTransfer } from "../../test/e2e/limiting.ts";
import { type Ground, MEGABIT, makeGround, stateOf } from "./ground.ts";

export async function changes(argument = "500"): Promise<object> {
  await using ground = await makeGround();
  const { a, b } = ground.world;
  const untouched = await stateOf(ground);
  const limiter = await ground.limiter();
  const program = ground.program("limited");
  const pool = poolOf(ground, program);
  await using _ = await startTransfer({ place: a, program }, { place: b }, { address: b.ip4 });
  await using __ = await startTransfer({ place: b }, { place: a, program }, { address: a.ip6 });
  const startedMs = performance.now();
  let held: LimitRule[] = [];
  for (let change = 0; change < Number(argument); change += 1) {
    const picked = pool[Math.floor(Math.random() * pool.length)] as LimitRule;
    const isHeld = held.some(({ id }) => id === picked.id);
    const fresh = { ...picked, txBytesPerSecond: Math.ceil(Math.random() * 100 * MEGABIT) };
    held = held.filter(({ id }) => id !== picked.id);
    if (!isHeld || Math.random() < 0.5) held.push(fresh);
    await limiter.apply(held);
  }
  const tookMs = performance.now() - startedMs;
  const faults = limiter.stderr();
  await limiter.apply([]);
  const isSame = (await stateOf(ground)) === untouched;
  console.log(
    `${argument} changes under traffic in ${(tookMs / 1000).toFixed(0)} s; then ${isSame ? "identical to the start" : "NOT identical"}; faults: ${faults === "" ? "none" : faults}`,
  );
  return { changes: Number(argument), tookMs, isSame, faults };
}

export async function kills(argument = "50"): Promise<object> {
  await using ground = await makeGround();
  const { a, b } = ground.world;
  const untouched = await stateOf(ground);
  const program = ground.program("limited");
  const pool = poolOf(ground, program);
  const freeMs: number[] = [];
  let stuck = 0;
  let dirty = 0;
  for (let kill = 0; kill < Number(argument); kill += 1) {
    const limiter = await ground.limiter();
    // Every other one is killed in the middle of a change.
    const rules = pool.filter(() => Math.random() < 0.5);
    const cap = rule({ kind: "application", pattern: program }, { txBytesPerSecond: MEGABIT / 4 });
    await limiter.apply([...rules.filter(({ target }) => target.kind !== "application"), cap]);
    if (kill % 2 === 1) void limiter.apply(pool).catch(() => {});
    await sleep(Math.random() * 300);
    const killedMs = performance.now();
    await limiter.kill("SIGKILL");
    ground.forget();
    await using transfer = await startTransfer(
      { place: a, program },
      { place: b },
      { address: b.ip4 },
    );
    freeMs.push(await untilFree(transfer.sink.pid, killedMs));
    if (freeMs.at(-1) === Number.POSITIVE_INFINITY) stuck += 1;
  }
  const last = await ground.limiter();
  await last.apply([]);
  if ((await stateOf(ground)) !== untouched) dirty += 1;
  freeMs.sort((x, y) => x - y);
  const worst = (freeMs.at(-1) ?? 0) / 1000;
  const typical = (freeMs[Math.floor(freeMs.length / 2)] ?? 0) / 1000;
  console.log(
    `${argument} kills: stranded ${stuck}; free after ${typical.toFixed(2)} s in the middle, ${worst.toFixed(2)} s at worst; afterwards ${dirty === 0 ? "identical to the start" : "NOT identical"}`,
  );
  return { freeMs, stuck, dirty };
}

/** Until a megabyte arrived within a tenth of a second, which no rule of these allows. */
async function untilFree(pid: number, sinceMs: number): Promise<number> {
  const { readFileSync } = await import("node:fs");
  const rchar = () => Number(/^rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
  let before = received(pid) ?? rchar();
  while (performance.now() - sinceMs < 10_000) {
    await sleep(100);
    const now = received(pid) ?? rchar();
    if (now - before > 1_500_000) return performance.now() - sinceMs;
    before = now;
  }
  return Number.POSITIVE_INFINITY;

  // Bytes that the far end's interface took in, from the view of its process.
  function received(of: number): number | undefined {
    const line = readFileSync(`/proc/${of}/net/dev`, "utf8")
      .split("\n")
      .find((one) => /^\s*to-a:/.test(one));
    const bytes = line?.trim().split(/[:\s]+/)[1];
    return bytes === undefined ? undefined : Number(bytes);
  }
}

function poolOf({ world: { a, b } }: Ground, program: string): LimitRule[] {
  const cap = { txBytesPerSecond: 10 * MEGABIT, rxBytesPerSecond: 10 * MEGABIT };
  return [
    rule({ kind: "machine" }, cap),
    rule({ kind: "interface", name: a.device }, cap),
    rule({ kind: "application", pattern: program }, cap),
    rule({ kind: "application", pattern: "curl" }, cap),
    rule({ kind: "user", user: "root" }, cap),
    rule({ kind: "remote", network: `${b.ip4}/24` }, cap),
    rule({ kind: "remote", network: b.ip6 }, cap),
    rule({ kind: "port", port: 443, protocol: null }, { ...cap, exceptLan: true }),
    rule({ kind: "unit", unit: "ssh.service" }, cap),
    rule(
      { kind: "application", pattern: "wget" },
      { ...cap, priority: 0, txGuaranteedBytesPerSecond: MEGABIT },
    ),
  ];
}
