// Scenarios that are a pair of generators over the link: most of them are data.
import type { Pair } from "../../../test/e2e/generators/pairs.ts";
import { type Meeting, meetOnStage } from "../meet.ts";
import type { Expected, Measured, Scenario, Stage } from "../scenario.ts";
import { countLink } from "../wire.ts";

export interface PairScenario extends Pick<Meeting, "port" | "waits"> {
  readonly id: string;
  readonly title: string;
  /** Which half is on this host. Default: the client. */
  readonly host?: "client" | "server";
  readonly family?: "ip4" | "ip6";
  /** Where the server is bound and the client sends to. Default: the server's end. */
  readonly address?: string;
  pair(amount: (full: number) => number, stage: Stage): Pair;
  /** Why this kernel cannot, found out before anything is started. */
  readonly notHere?: () => Promise<string | undefined>;
  /** What the processes are expected to have, where the results do not say it as they are. */
  readonly adjust?: (
    processes: Expected[],
    results: { rows: Record<string, unknown>[] },
  ) => Expected[];
  readonly also?: Pick<Measured, "withoutPayload" | "tellApart">;
}

export function pairScenario(of: PairScenario): Scenario {
  const { id, title, host = "client", family = "ip4" } = of;
  return {
    id,
    title,
    async run(stage) {
      const reason = await of.notHere?.();
      if (reason !== undefined) return { notHere: reason };
      await stage.watch();
      const { world } = stage;
      const read = await countLink(world);
      const { client, server, processes } = await meetOnStage(of.pair(stage.amount, stage), stage, {
        host,
        address: of.address ?? (host === "client" ? world.b : world.a)[family],
        ...(of.port === undefined ? {} : { port: of.port }),
        ...(of.waits === undefined ? {} : { waits: of.waits }),
      });
      const { wire, nftTxBytes } = await read();
      const rows = (host === "client" ? client : server).results;
      return {
        processes: of.adjust?.(processes, { rows }) ?? processes,
        wire,
        ...(nftTxBytes === undefined ? {} : { nftTxBytes }),
        ipHeaderBytes: family === "ip6" ? 40 : 20,
        ...of.also,
      };
    },
  };
}
