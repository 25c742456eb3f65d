// The traffic of a measurement, from the host's namespace to the other end: one TCP stream, datagrams as fast as one
// process can, and short connections.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd, killGroup, run } from "../test/e2e/generators/place.ts";
import { exchange } from "../test/e2e/generators/run.ts";
import type { World } from "../test/e2e/world.ts";
import { said } from "./monitors.ts";

/** One run of it; the answers are by name, all "more is better". */
export interface Load {
  readonly name: string;
  run(): Promise<Record<string, number>>;
}

export interface Loads extends Disposable {
  readonly all: readonly Load[];
  /** So many short connections one after the other; resolves to how many of them fit into a second. */
  connect(count: number, pauseUs?: number): Promise<number>;
}

const IPERF_PORT = 5299;
/** Of one run of the third load. */
export const CONNECTIONS = 20_000;
/** The name of its figure. */
export const CONNECTIONS_PER_SECOND = "short TCP connections, 1/s";
const SERVER_PORTS = 200;

/** Servers run in the other namespace until the loads are disposed of. */
export async function openLoads(world: World, { seconds }: { seconds: number }): Promise<Loads> {
  const { a, b } = world;
  const programs = mkdtempSync(join(tmpdir(), "monitauri-bench-"));
  const removeFolder = () => rmSync(programs, { recursive: true, force: true });
  const release = atEnd(removeFolder);
  const connecting = join(programs, "connect");
  await run("cc", [
    "-O2",
    "-std=gnu11",
    "-I",
    join(import.meta.dirname, "..", "test", "e2e", "generators"),
    "-o",
    connecting,
    join(import.meta.dirname, "connect.c"),
  ]);
  const iperf = b.spawn("iperf3", ["-s", "-B", b.ip4, "-p", String(IPERF_PORT), "--forceflush"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await said(iperf, "Server listening");
  let runs = 0;

  async function stream(): Promise<Record<string, number>> {
    const args = ["-c", b.ip4, "-p", String(IPERF_PORT), "-t", String(seconds), "-J"];
    const { end } = JSON.parse(await a.exec("iperf3", args));
    return { "TCP, bits/s": end.sum_received.bits_per_second };
  }

  async function flood(): Promise<Record<string, number>> {
    const address = b.ip4;
    const { client, server } = await exchange(
      { generator: "flood", role: "receiver", at: b, options: { address } },
      (port) => ({
        generator: "flood",
        role: "sender",
        at: a,
        options: { address, port, size: 64, seconds },
        timeoutMs: 30_000 + seconds * 1000,
      }),
    );
    const sent = client.results[0];
    const took = Number(sent?.seconds);
    return {
      "UDP 64 bytes, received/s": (server.results[0]?.rxCalls ?? 0) / took,
      "UDP 64 bytes, sent/s": (sent?.txCalls ?? 0) / took,
    };
  }

  async function connect(count: number, pauseUs = 0): Promise<number> {
    // Another port each time: the server's sides of the last connections are in TIME_WAIT for a minute.
    const port = String(IPERF_PORT + 1 + (runs++ % SERVER_PORTS));
    const to = ["--address", b.ip4, "--port", port];
    const server = b.spawn(connecting, ["server", ...to], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await said(server, "listening");
      const how = ["--connections", String(count), "--pause-us", String(pauseUs)];
      return count / Number(await a.exec(connecting, ["client", ...to, ...how]));
    } finally {
      killGroup(server);
    }
  }

  return {
    all: [
      { name: "TCP", run: stream },
      { name: "UDP", run: flood },
      {
        name: "connections",
        run: async () => ({ [CONNECTIONS_PER_SECOND]: await connect(CONNECTIONS) }),
      },
    ],
    connect,
    [Symbol.dispose]() {
      killGroup(iperf);
      removeFolder();
      release();
    },
  };
}
