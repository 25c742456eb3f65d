// RustNet without its screen: snapshots of connections as JSON lines, and its log of the ones that closed between two.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { atEnd, run } from "../../../test/e2e/generators/place.ts";
import type { MonitorRow } from "../score.ts";
import { findProgram, type Monitor, REFRESHED_MS, startCapture } from "./monitor.ts";

export interface RustnetConnection {
  readonly id: string;
  readonly process: { readonly pid: number | null; readonly name: string | null } | null;
  readonly traffic: { readonly bytes_sent: number; readonly bytes_received: number };
}

export const rustnet: Monitor = {
  name: "RustNet",
  traits: { knows: "process", unit: "frame", payload: false, unknownIsTraffic: true },
  // Where it has no eBPF it reads /proc every five seconds (enrichment.rs).
  lookMs: 5500,
  async installed() {
    const program = findProgram("rustnet", "RUSTNET");
    if (program === undefined) return { missing: "not installed" };
    return { version: (await run(program, ["--version"])).replace("rustnet ", "").trim() };
  },
  async start(devices) {
    const program = findProgram("rustnet", "RUSTNET") ?? "rustnet";
    const folder = mkdtempSync(join(tmpdir(), "monitauri-rustnet-"));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    const release = atEnd(remove);
    const connections = new Map<string, RustnetConnection>();
    const where = ["-i", devices.length === 1 ? (devices[0] ?? "any") : "any"];
    // Root kept and no sandbox: it may look at every process. Nothing is looked up or inspected: it has time to count.
    const rights = ["--no-uid-drop", "--no-sandbox", "--show-localhost"];
    const less = ["--no-dpi", "--no-resolve-dns", "--no-geoip", "-r", "200"];
    const capture = await startCapture(
      program,
      ["--headless", "--output", "jsonl", ...where, ...rights, ...less],
      (line) => takeSnapshot(line, connections),
    );
    return {
      async report() {
        await sleep(REFRESHED_MS);
        await capture.stop(); // The last record is that of its end.
        return rowsOf(connections.values());
      },
      async [Symbol.asyncDispose]() {
        await capture.stop();
        remove();
        release();
      },
    };
  },
};

/** Keeps of each connection what was last said of it. Its identifier outlives its end. */
export function takeSnapshot(line: string, connections: Map<string, RustnetConnection>): void {
  const snapshot = JSON.parse(line) as { connections?: RustnetConnection[] };
  for (const one of snapshot.connections ?? []) {
    const known = connections.get(one.id);
    // What is drained at its end may have lost its process.
    const owner = one.process?.pid == null ? (known?.process ?? one.process) : one.process;
    connections.set(one.id, { ...one, process: owner });
  }
}

export function rowsOf(connections: Iterable<RustnetConnection>): MonitorRow[] {
  return [...connections].map(({ process: owner, traffic }) => ({
    ...(owner?.pid == null ? {} : { pid: owner.pid, name: owner.name ?? "" }),
    rxBytes: traffic.bytes_received,
    txBytes: traffic.bytes_sent,
  }));
}
