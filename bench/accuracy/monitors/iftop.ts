// iftop in text, for the sum of the host: it knows no processes.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { MonitorRow } from "../score.ts";
import { findProgram, type Monitor, REFRESHED_MS, startCapture } from "./monitor.ts";

const PRINTED_WITHIN_MS = 12_000;
const DISCARD_PORT = 9;
const LOCALHOST = "127.0.0.1";
const UNITS: Record<string, number> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

export const iftop: Monitor = {
  name: "iftop",
  traits: { knows: "host", unit: "ip", payload: false, unknownIsTraffic: true },
  lookMs: 300,
  async installed() {
    const program = findProgram("iftop", "IFTOP");
    return program === undefined ? { missing: "not installed" } : { version: "1.0pre4" };
  },
  async start(devices) {
    const program = findProgram("iftop", "IFTOP") ?? "iftop";
    let last: MonitorRow | undefined;
    let prints = 0;
    // -n, -N: no look-ups; -l: link-local IPv6 too; -B: in bytes.
    const args = ["-oL", program, "-t", "-n", "-N", "-l", "-B", "-i", devices[0] ?? ""];
    // Through stdbuf: into a pipe it writes late.
    const capture = await startCapture("stdbuf", args, (line) => {
      const row = parseIftop(line);
      if (row === undefined) return;
      last = row;
      prints++;
    });
    return {
      async report() {
        const before = prints;
        const deadline = performance.now() + PRINTED_WITHIN_MS;
        await sleep(REFRESHED_MS);
        // Its clock goes only while packets come: it gets some, of one byte. The second print has all that was before.
        while (prints < before + 2 && performance.now() < deadline) {
          await nudge(devices[0] ?? "");
          await sleep(500);
        }
        return last === undefined ? [] : [last];
      },
      [Symbol.asyncDispose]: capture.stop,
    };
  },
};

/** One datagram to whoever is on the device. */
async function nudge(device: string): Promise<void> {
  const own = networkInterfaces()[device]?.find(({ family }) => family === "IPv4");
  if (own === undefined) return;
  const socket = createSocket("udp4");
  socket.bind(0, own.address);
  await once(socket, "listening");
  socket.setBroadcast(true);
  const sent = Promise.withResolvers<void>();
  socket.send("x", DISCARD_PORT, broadcastOf(own), () => sent.resolve());
  await sent.promise;
  socket.close();
}

function broadcastOf({ address, netmask }: { address: string; netmask: string }): string {
  const mask = netmask.split(".").map(Number);
  const bytes = address.split(".").map((byte, i) => Number(byte) | (~(mask[i] ?? 255) & 255));
  return address === LOCALHOST ? LOCALHOST : bytes.join(".");
}

/** "Cumulative (sent/received/total):   1.02MB   21.5KB   1.04MB" */
export function parseIftop(line: string): MonitorRow | undefined {
  const match = /^Cumulative .*?:\s+([\d.]+)([KMG]?)B\s+([\d.]+)([KMG]?)B\s/.exec(line);
  if (match === null) return undefined;
  const [, sent, sentUnit = "", received, receivedUnit = ""] = match;
  return {
    txBytes: Number(sent) * (UNITS[sentUnit] ?? 1),
    rxBytes: Number(received) * (UNITS[receivedUnit] ?? 1),
  };
}
