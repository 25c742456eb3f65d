// What a device may do: receive for a group, and go away.
import { makeWorld } from "../../../test/e2e/world.ts";
import { meetOnStage } from "../meet.ts";
import type { Scenario, Wire } from "../scenario.ts";
import { countLink, slowDown } from "../wire.ts";
import { pairScenario } from "./pair.ts";

const removed: Scenario = {
  id: "x17",
  title: "an interface removed while in use",
  async run(stage) {
    const other = await makeWorld({ host: true, offloads: false });
    try {
      await slowDown(other);
      await stage.watch({ devices: [other.a.device] });
      const read = await countLink(other);
      let found: { wire: Wire; nftTxBytes: number | undefined } | undefined;
      const { processes } = await meetOnStage(
        {
          server: { generator: "udp", role: "server" },
          client: { generator: "udp", role: "client" },
          both: { peers: 1, rounds: stage.amount(1000), request: 1000, answer: 1200 },
        },
        stage,
        {
          host: "client",
          address: other.b.ip4,
          at: { client: other.a, server: other.b },
          // The socket is still open then.
          done: async () => {
            found = await read();
            await other.a.exec("ip", ["link", "del", other.a.device]);
          },
        },
      );
      if (found === undefined) throw new Error("Cannot score: the link was not read");
      const { wire, nftTxBytes = 0 } = found;
      return { processes, wire, nftTxBytes };
    } finally {
      await other.close();
    }
  },
};

export const DEVICES = [
  pairScenario({
    id: "x16",
    title: "receiver of a multicast group",
    host: "server",
    waits: ["linger"],
    address: "239.255.77.16",
    port: 17_014,
    pair: (amount, { world: { a, b } }) => ({
      server: { generator: "datagrams", role: "receiver", options: { device: a.device } },
      client: {
        generator: "datagrams",
        role: "sender",
        options: { device: b.device, noLoop: true, size: 1000, pauseMs: 0.05 },
      },
      both: { group: true, count: amount(2000) },
    }),
  }),
  removed,
];
