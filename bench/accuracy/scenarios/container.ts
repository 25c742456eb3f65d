// A process in a network namespace and a pid namespace of its own, as a container has; and the same traffic seen as
// what it is for the host's interfaces: forwarded.
import { tcp } from "../../../test/e2e/generators/pairs.ts";
import { childOf, contained, makeBehind } from "../behind.ts";
import { meetOnStage } from "../meet.ts";
import type { Scenario } from "../scenario.ts";
import { countLink } from "../wire.ts";

const FULL = 5_000_000;

const container: Scenario = {
  id: "s17",
  title: "a container: other network and pid namespace",
  async run(stage) {
    const { world } = stage;
    await using behind = await makeBehind(world);
    await stage.watch();
    const read = await countLink(world);
    let pid = 0;
    const bytes = stage.amount(FULL);
    const { processes } = await meetOnStage(tcp({ upload: bytes, download: bytes }), stage, {
      host: "client",
      address: world.b.ip4,
      at: { client: contained(behind.place), server: world.b },
      done: async (launcher) => {
        pid = childOf(launcher);
      },
    });
    const { wire, nftTxBytes = 0 } = await read();
    const [moved] = processes;
    if (moved === undefined)
      throw new Error("Cannot score: the process in the container did nothing");
    return { processes: [{ ...moved, pid }], wire, nftTxBytes };
  },
};

const forwarded: Scenario = {
  id: "x15",
  title: "forwarded traffic: on no process of this host",
  async run(stage) {
    const { world } = stage;
    await using behind = await makeBehind(world);
    await stage.watch();
    const read = await countLink(world);
    const bytes = stage.amount(FULL);
    await meetOnStage(tcp({ upload: bytes, download: bytes }), stage, {
      host: "client",
      address: world.b.ip4,
      at: { client: behind.place, server: world.b },
    });
    const { wire, nftTxBytes = 0 } = await read();
    return { processes: [], wire, nftTxBytes, forwarded: true };
  },
};

export const CONTAINER = [container, forwarded];
