// Figure 2: payload of every process as its generator counted it, against what the collector booked on that process.
// node bench/attribution.ts
import { meet, PAIRS, type Pair } from "../test/e2e/generators/pairs.ts";
import { byProcess, type Result, type Row } from "../test/e2e/generators/run.ts";
import { type Meter, openMeter } from "../test/e2e/meter.ts";
import { makeWorld } from "../test/e2e/world.ts";
import { machineLine, row } from "./results.ts";

const SHORT_LIVED: Pair = {
  server: { generator: "servers", role: "prefork", options: { connections: 500 } },
  client: { generator: "shortlived", role: "launch", options: { vary: 1 } },
};

await using world = await makeWorld();
using meter = await openMeter();

console.log(`${machineLine()}\n`);
console.log(row("traffic", "processes", "exact", "payload bytes", "on the right process"));
console.log(row("---", "---", "---", "---", "---"));
for (const [name, pair] of Object.entries({ ...PAIRS, "500 short-lived programs": SHORT_LIVED })) {
  for (const family of ["ip4", "ip6"] as const) {
    const options = { address: world.b[family] };
    const found = await meet(pair, { a: world.a, b: world.b, options });
    await meter.settle();
    report(`${name}, ${family === "ip4" ? "IPv4" : "IPv6"}`, compare(meter, found));
  }
}

interface Compared {
  readonly processes: number;
  readonly exact: number;
  readonly bytes: number;
  readonly right: number;
}

/** A byte is right when the collector has it on the process that the generator says, and no more than that. */
function compare(counted: Meter, found: { server: Result; client: Result }): Compared {
  const rows = [found.client, found.server].flatMap(({ results }) => byProcess(results));
  let [exact, bytes, right] = [0, 0, 0];
  for (const said of rows) {
    const got = counted.ofPid(said.pid);
    const parts = (["rxPayloadBytes", "txPayloadBytes"] as const).map((part) => part);
    if (parts.every((part) => got[part] === said[part])) exact++;
    for (const part of parts) {
      bytes += said[part];
      right += Math.max(0, said[part] - Math.abs(got[part] - said[part]));
    }
  }
  return { processes: processesOf(rows), exact, bytes, right };
}

function processesOf(rows: readonly Row[]): number {
  return new Set(rows.map(({ pid, startTicks }) => `${pid} ${startTicks}`)).size;
}

function report(name: string, { processes, exact, bytes, right }: Compared): void {
  const share = `${((right / bytes) * 100).toFixed(4)} %`;
  console.log(row(name, String(processes), String(exact), String(bytes), share));
}
