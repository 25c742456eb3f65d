// What a limit does to others: the rate and the latency of a program without one, beside one with, and latency within.
import { setTimeout as sleep } from "node:timers/promises";
import { roundTripMs } from "../../test/e2e/generators/round-trip.ts";
import { payloadRate, rule, startTransfer } from "../../test/e2e/limiting.ts";
import { row } from "../results.ts";
import { median } from "../statistics.ts";
import { MEGABIT, makeGround } from "./ground.ts";

const ROUNDS = 5;

/** Alternates: a limited program at its cap, and the same without any rule in force at the same low rate. */
export async function neighbour(): Promise<object> {
  await using ground = await makeGround();
  const limited = ground.program("limited");
  const cap = 10 * MEGABIT;
  const limits = [
    rule(
      { kind: "application", pattern: limited },
      { txBytesPerSecond: cap, rxBytesPerSecond: cap },
    ),
  ];
  const rates: Record<"with" | "without", number[]> = { with: [], without: [] };
  const latencies: Record<"with" | "without", number[]> = { with: [], without: [] };
  const limiter = await ground.limiter();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const which of round % 2 === 0
      ? (["with", "without"] as const)
      : (["without", "with"] as const)) {
      await limiter.apply(which === "with" ? limits : []);
      // UDP at the cap's rate: what the rule would let through, so that both have the same beside them.
      const beside = which === "with" ? 2 * cap : cap;
      const low = { protocol: "udp", offered: beside };
      const { a, b } = ground.world;
      await using _ = await startTransfer(
        { place: a, program: limited, options: low },
        { place: b, options: low },
        { address: b.ip4 },
      );
      latencies[which].push(await roundTripMs(ground.world));
      await using fast = await startTransfer({ place: a }, { place: b }, { address: b.ip4 });
      await sleep(4_000);
      rates[which].push(payloadRate(await fast.stop(), 0.5, 3.5));
    }
  }
  await limiter.apply([rule({ kind: "machine" }, { txBytesPerSecond: cap })]);
  const { a, b } = ground.world;
  await using _ = await startTransfer({ place: a }, { place: b }, { address: b.ip4 });
  await sleep(3_000);
  const insideMs = await roundTripMs(ground.world);
  const kept = median(rates.with) / median(rates.without);
  console.log(row("unlimited program beside a limited one", "with limits", "without any"));
  console.log("|---|---|---|");
  console.log(row("rate, Gbit/s, median", gigabits(rates.with), gigabits(rates.without)));
  console.log(row("kept", `${(kept * 100).toFixed(1)} %`, ""));
  const micro = (list: number[]) => Math.round(median(list) * 1000);
  console.log(row("round trip, µs, median", micro(latencies.with), micro(latencies.without)));
  console.log(
    row(
      "round trip within a full class of 10 Mbit/s, without fq_codel",
      `${insideMs.toFixed(0)} ms`,
      "",
    ),
  );
  return { rates, latencies, insideMs, kept };
}

function gigabits(rates: readonly number[]): string {
  return ((median([...rates]) * 8) / 1e9).toFixed(2);
}
