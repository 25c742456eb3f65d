// Runs two generators against each other with pauses in which a monitor can look, and says what the host's end moved.

import type { Half, Pair } from "../../test/e2e/generators/pairs.ts";
import {
  byProcess,
  type Generator,
  type Result,
  type Row,
  type Start,
  startGenerator,
} from "../../test/e2e/generators/run.ts";
import type { Expected, Stage } from "./scenario.ts";

export interface Meeting {
  /** Which half of the pair runs on this host. The other one is at the other end. */
  readonly host: "client" | "server";
  readonly address: string;
  readonly port?: number;
  /** What the host's end can wait at: with a connection just open, with all done. Default: both. */
  readonly waits?: readonly ("open" | "linger")[];
  /** Where the halves run instead of the world's ends. */
  readonly at?: { readonly client: Start["at"]; readonly server: Start["at"] };
  /** Where the server is on this host, too. */
  readonly serverName?: string;
  /** Called when the host's end stands at "linger", before the pause. */
  readonly done?: (pid: number) => Promise<void>;
}

/** Both results, and the processes of the host's end. */
export async function meetOnStage(
  pair: Pair,
  stage: Stage,
  meeting: Meeting,
): Promise<{ server: Result; client: Result; processes: Expected[] }> {
  const { world } = stage;
  const waits = (side: "client" | "server") =>
    side === meeting.host ? (meeting.waits ?? ["open", "linger"]) : [];
  const start = (side: "client" | "server", half: Half, port?: number): Start => {
    const own = side === meeting.host;
    const name = own ? stage.name : side === "server" ? meeting.serverName : undefined;
    const at = meeting.at?.[side] ?? (own ? world.a : world.b);
    const barrier = waits(side).length > 0 ? waits(side) : undefined;
    const options = { address: meeting.address, port, ...pair.both, ...half.options, barrier };
    return {
      ...half,
      at,
      options,
      timeoutMs: TIMEOUT_MS,
      ...(name === undefined ? {} : { name }),
    };
  };
  await using serving = await startGenerator(start("server", pair.server, meeting.port));
  const port = await serving.listening();
  const serverWaits = goOn(serving, waits("server"), stage, meeting);
  serverWaits.catch(() => {}); // Its reason comes with the result, too.
  await using asking = await startGenerator(start("client", pair.client, port));
  await goOn(asking, waits("client"), stage, meeting);
  const client = await asking.result();
  // One without a count of its own is told to finish; one on this host has a count.
  if (waits("server").length === 0) serving.release();
  await serverWaits;
  const server = await serving.result();
  const own =
    meeting.host === "client" ? { of: client, pid: asking.pid } : { of: server, pid: serving.pid };
  return { server, client, processes: processesOf(own.of, own.pid, stage.name) };
}

const TIMEOUT_MS = 60_000;

/** The processes of a result, and the one that was started where it moved nothing itself. */
export function processesOf({ results }: Result, pid: number, name: string): Expected[] {
  const processes = byProcess(results).map((row) => expected(row, name));
  if (processes.some((one) => one.pid === pid)) return processes;
  return [...processes, { pid, name, rxPayloadBytes: 0, txPayloadBytes: 0 }];
}

export function expected(row: Row, name: string): Expected {
  const { pid, rxPayloadBytes, txPayloadBytes } = row;
  return { pid, name, rxPayloadBytes, txPayloadBytes };
}

/** Lets it go on from each of its points after a pause. */
async function goOn(
  generator: Pick<Generator, "pid" | "ready" | "release">,
  points: readonly string[],
  stage: Stage,
  { done }: Meeting,
): Promise<void> {
  for (const point of points) {
    await generator.ready();
    if (point === "linger") await done?.(generator.pid);
    await stage.look();
    generator.release();
  }
}
