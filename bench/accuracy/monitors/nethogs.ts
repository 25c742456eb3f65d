// nethogs, with UDP too (-C), in total bytes (-v 2), one line for each process every second.
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../../test/e2e/generators/place.ts";
import type { MonitorRow } from "../score.ts";
import { findProgram, type Monitor, REFRESHED_MS, startCapture } from "./monitor.ts";

export const nethogs: Monitor = {
  name: "nethogs",
  traits: { knows: "process", unit: "frame", payload: false, unknownIsTraffic: true },
  // It looks every second.
  lookMs: 1500,
  async installed() {
    const program = findProgram("nethogs", "NETHOGS");
    if (program === undefined) return { missing: "not installed" };
    return { version: (await run(program, ["-V"])).replace("version ", "").trim() };
  },
  async start(devices) {
    const program = findProgram("nethogs", "NETHOGS") ?? "nethogs";
    // -a: it leaves out loopback otherwise, even where asked for.
    const all = devices.includes("lo") ? ["-a", ...devices] : devices;
    const totals = new Map<string, MonitorRow>();
    const capture = await startCapture(
      program,
      ["-t", "-C", "-v", "2", "-d", "1", ...all],
      (line) => {
        const row = parseNethogs(line);
        // It forgets processes that are quiet for long; totals never fall.
        if (row !== undefined) totals.set(line.slice(0, line.indexOf("\t")), row);
      },
    );
    return {
      async report() {
        await sleep(REFRESHED_MS);
        return [...totals.values()];
      },
      [Symbol.asyncDispose]: capture.stop,
    };
  },
};

/** "PROGRAM/PID/UID<tab>SENT<tab>RECEIVED"; pid 0 is its name for unknown. */
export function parseNethogs(line: string): MonitorRow | undefined {
  const match = /^(.*)\/(\d+)\/(\d+)\t([\d.e+]+)\t([\d.e+]+)$/.exec(line);
  if (match === null) return undefined;
  const [, name = "", pid, , sent, received] = match;
  const bytes = { rxBytes: Number(received), txBytes: Number(sent) };
  return Number(pid) === 0 ? bytes : { pid: Number(pid), name, detail: name, ...bytes };
}
