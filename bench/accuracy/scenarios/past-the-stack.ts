// Packets that pass no ordinary socket: ICMP, SCTP, and frames that a process puts on the device itself.
import { tcp } from "../../../test/e2e/generators/pairs.ts";
import { host } from "../../../test/e2e/generators/place.ts";
import { startGenerator } from "../../../test/e2e/generators/run.ts";
import { processesOf } from "../meet.ts";
import type { Scenario } from "../scenario.ts";
import { countLink } from "../wire.ts";
import { pairScenario } from "./pair.ts";

const echo: Scenario = {
  id: "s05",
  title: "ICMP echo with 1,000 bytes",
  async run(stage) {
    const { a, b } = stage.world;
    await stage.watch();
    const read = await countLink(stage.world);
    await using ping = await startGenerator({
      generator: "packets",
      role: "ping",
      at: a,
      name: stage.name,
      options: {
        address: b.ip4,
        raw: true,
        size: 1000,
        count: stage.amount(1000),
        barrier: ["open", "linger"],
      },
    });
    for (let i = 0; i < 2; i++) {
      await ping.ready();
      await stage.look();
      ping.release();
    }
    const result = await ping.result();
    const { wire, nftTxBytes = 0 } = await read();
    return { processes: processesOf(result, ping.pid, stage.name), wire, nftTxBytes };
  },
};

export const PAST_THE_STACK = [
  echo,
  pairScenario({
    id: "s08",
    title: "SCTP",
    notHere: noSctp,
    pair: (amount) =>
      tcp({ upload: amount(5_000_000), download: amount(5_000_000), protocol: "sctp" }),
  }),
  pairScenario({
    id: "s12",
    title: "frames injected with AF_PACKET",
    pair: (amount, { world: { a, b } }) => ({
      server: { generator: "datagrams", role: "receiver" },
      client: {
        generator: "packets",
        role: "inject",
        options: { mac: b.mac, device: a.device, source: a.ip4, size: 1000, count: amount(2000) },
      },
    }),
    // What it sent were frames: their headers are not on the wire as IP has it.
    adjust: (processes, { rows }) =>
      processes.map((one, i) => ({ ...one, txPayloadBytes: Number(rows[i]?.ipBytes ?? 0) })),
    also: { withoutPayload: true },
  }),
];

async function noSctp(): Promise<string | undefined> {
  const open = "import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)";
  return await host.exec("/usr/bin/python3", ["-c", open]).then(
    () => undefined,
    (error: Error) => error.message.split("\n").at(-1),
  );
}
