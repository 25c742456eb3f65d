// The real daemon, asked as any client asks it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findNode } from "../../../bin/runtime.mjs";
import { ensureReady } from "../../../scripts/bootstrap/ensure-ready.mjs";
import { connectDaemon } from "../../../src/cli/connect.ts";
import type { PsRow } from "../../../src/model/monitauri.ts";
import { atEnd, host } from "../../../test/e2e/generators/place.ts";
import { said } from "../../monitors.ts";
import type { MonitorRow } from "../score.ts";
import { end, type Monitor } from "./monitor.ts";

const ROOT = join(dirname(dirname(dirname(import.meta.dirname))));
const INTERVAL_MS = 100;
/** Ended rows are read three times, and one more interval may have begun. */
const SETTLED_MS = 5 * INTERVAL_MS;
const SETTLED_WITHIN_MS = 5_000;

let built: Promise<boolean> | undefined;

export const monitauri: Monitor = {
  name: "Monitauri",
  traits: { knows: "process", unit: "ip", payload: true, unknownIsTraffic: false },
  lookMs: 300,
  async installed() {
    built ??= ensureReady(ROOT);
    if (!(await built)) throw new Error("Cannot build Monitauri");
    const { version } = (await import("../../../package.json", { with: { type: "json" } })).default;
    return { version };
  },
  /** It watches all devices, always. */
  async start() {
    await this.installed();
    const data = mkdtempSync(join(tmpdir(), "monitauri-accuracy-"));
    const removeData = () => rmSync(data, { recursive: true, force: true });
    const release = atEnd(removeData);
    const args = ["start", "--data", data, "--interval", `${INTERVAL_MS}ms`];
    const child = host.spawn(
      findNode(ROOT) ?? process.execPath,
      [join(ROOT, "dist", "main.js"), ...args],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const stop = async () => {
      await end(child);
      removeData();
      release();
    };
    try {
      await said(child, "Ctrl-C stops.");
    } catch (error) {
      await stop();
      throw error;
    }
    const daemon = connectDaemon([join(data, "daemon.sock")]);
    return {
      /** Their sums do not change any more: all is read. */
      async report(pids) {
        const deadline = performance.now() + SETTLED_WITHIN_MS;
        for (let before = ""; ; ) {
          await sleep(SETTLED_MS);
          const rows = (await daemon.ps({ by: "process" })).map(rowOf);
          // Of all that runs on this machine, what was asked for.
          const isWanted = ({ pid, forwarded }: MonitorRow) =>
            pids.length > 0 ? pids.includes(pid ?? 0) : forwarded === true;
          const now = rows.filter(isWanted).map(sums).sort().join();
          if (now === before || performance.now() > deadline) return rows;
          before = now;
        }
      },
      [Symbol.asyncDispose]: stop,
    };
  },
};

function rowOf(row: PsRow): MonitorRow {
  return {
    ...(row.pid === null ? {} : { pid: row.pid, name: row.application }),
    detail: [row.path ?? "", ...(row.arguments ?? []), ""].join(" "),
    rxBytes: row.rxBytes,
    txBytes: row.txBytes,
    rxPayloadBytes: row.rxPayloadBytes,
    txPayloadBytes: row.txPayloadBytes,
    carrier: row.carries !== null,
    forwarded: row.remainder === "forwarded",
  };
}

function sums({ pid, rxBytes, txBytes, rxPayloadBytes, txPayloadBytes }: MonitorRow): string {
  return [pid, rxBytes, txBytes, rxPayloadBytes, txPayloadBytes].join(" ");
}
