// A server and its client on this host: nothing leaves it.
import { tcp } from "../../../test/e2e/generators/pairs.ts";
import { host } from "../../../test/e2e/generators/place.ts";
import { meetOnStage, processesOf } from "../meet.ts";
import type { Scenario } from "../scenario.ts";
import { countLoopback } from "../wire.ts";

const PORT = 17_016;

export const loopback: Scenario = {
  id: "s16",
  title: "TCP over loopback",
  async run(stage) {
    await stage.watch({ devices: ["lo"] });
    const read = await countLoopback(PORT);
    // Nothing slows loopback down but the sender: 16 KB every few milliseconds.
    const options = { upload: stage.amount(10_000_000), chunk: 16_384, pauseMs: 2 };
    const found = await meetOnStage(tcp(options), stage, {
      host: "client",
      address: "127.0.0.1",
      port: PORT,
      at: { client: host, server: host },
      serverName: `${stage.name}-s`,
    });
    const serverPid = found.server.results[0]?.pid ?? 0;
    const servers = processesOf(found.server, serverPid, `${stage.name}-s`);
    const wire = await read();
    return { processes: [...found.processes, ...servers], wire };
  },
};
