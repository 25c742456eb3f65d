// bandwhich in its raw mode, in totals (-t), with DNS ports (-s), without resolving names (-n). It knows a process by its name.
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../../test/e2e/generators/place.ts";
import type { MonitorRow } from "../score.ts";
import { findProgram, type Monitor, startCapture } from "./monitor.ts";

/** Its totals add up averages of five refreshes: they are right when five are before and after the traffic. */
const AVERAGED_MS = 5500;

export const bandwhich: Monitor = {
  name: "bandwhich",
  // It counts what is behind the IP header (sniffer.rs: data_length is the length of the IP packet's payload).
  traits: { knows: "name", unit: "transport", payload: false, unknownIsTraffic: true },
  // It looks every second.
  lookMs: 1500,
  async installed() {
    const program = findProgram("bandwhich", "BANDWHICH");
    if (program === undefined) return { missing: "not installed" };
    return { version: (await run(program, ["--version"])).replace("bandwhich ", "").trim() };
  },
  async start(devices) {
    const program = findProgram("bandwhich", "BANDWHICH") ?? "bandwhich";
    // One device or all: all where the traffic is on two.
    const where = devices.length === 1 ? ["-i", devices[0] ?? ""] : [];
    let current: MonitorRow[] = [];
    let last: MonitorRow[] = [];
    const capture = await startCapture(
      program,
      ["--raw", "-t", "-n", "-s", "-p", ...where],
      (line) => {
        const row = parseBandwhich(line);
        if (row !== undefined) current.push(row);
        if (line !== "Refreshing:") return;
        if (current.length > 0) last = current;
        current = [];
      },
    );
    await sleep(AVERAGED_MS);
    return {
      async report() {
        await sleep(AVERAGED_MS);
        return last;
      },
      [Symbol.asyncDispose]: capture.stop,
    };
  },
};

/** 'process: <SECONDS> "NAME" up/down Bps: UP/DOWN connections: N', which are totals with -t. */
export function parseBandwhich(line: string): MonitorRow | undefined {
  const match = /^process: <\d+> "(.*)" up\/down Bps: (\d+)\/(\d+) /.exec(line);
  if (match === null) return undefined;
  const [, name = "", up, down] = match;
  const bytes = { rxBytes: Number(down), txBytes: Number(up) };
  return name === "<UNKNOWN>" ? bytes : { name, ...bytes };
}
