// A connection that was there before the monitor.
import { tcp } from "../../../test/e2e/generators/pairs.ts";
import { startGenerator } from "../../../test/e2e/generators/run.ts";
import { processesOf } from "../meet.ts";
import type { Scenario } from "../scenario.ts";
import { countLink } from "../wire.ts";

export const older: Scenario = {
  id: "x12",
  title: "a connection older than the monitor",
  async run(stage) {
    const { a, b } = stage.world;
    const bytes = stage.amount(5_000_000);
    const { server, client } = tcp({ address: b.ip4, upload: bytes, download: bytes });
    await using serving = await startGenerator({ ...server, at: b });
    const port = await serving.listening();
    await using asking = await startGenerator({
      ...client,
      at: a,
      name: stage.name,
      options: { ...client.options, port, barrier: ["open", "linger"] },
    });
    await asking.ready();
    await stage.watch();
    const read = await countLink(stage.world);
    await stage.look();
    asking.release();
    await asking.ready();
    await stage.look();
    asking.release();
    const result = await asking.result();
    await serving.result();
    const { wire, nftTxBytes = 0 } = await read();
    return { processes: processesOf(result, asking.pid, stage.name), wire, nftTxBytes };
  },
};
