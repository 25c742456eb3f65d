// The first packets of flows, as the kernel programs copy them, against what was sent.
import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { OBSERVED_SLOTS } from "../../src/collector/linux/layout.ts";
import { type LinuxCollector, openLinuxCollector } from "../../src/collector/linux.ts";
import type { Observation } from "../../src/model/observation.ts";
import { isUnavailable } from "../../src/model/unavailable.ts";
import { skipWithoutWorld } from "./world.ts";

const skip = await skipWithoutWorld();
const MDNS = 5353;
const LOCALHOST = "127.0.0.1";

describe("first packets", { skip }, () => {
  let collector: LinuxCollector;
  before(() => {
    const opened = openLinuxCollector();
    if (isUnavailable(opened)) throw new Error(opened.reason);
    collector = opened;
    collector.read();
  });
  after(() => collector?.close());

  test("tcp: the first payload each way, once, on the flow of its process", async () => {
    await using server = createServer((socket) => {
      socket.once("data", () => socket.write("A".repeat(3000), () => socket.end("more")));
    });
    server.listen(0, LOCALHOST);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = connect(port, LOCALHOST);
    client.resume();
    await once(client, "connect");
    const own = client.localPort as number;
    client.write("question");
    await once(client, "close");
    const found = await read(
      ({ localPort, remotePort }) => localPort === own && remotePort === port,
    );
    assert.deepEqual(
      found.map(({ kind, bytes, payloadBytes }) => [kind, text(bytes), payloadBytes]),
      [
        ["first-sent", "question", 8],
        ["first-received", "A".repeat(2048), 3000],
      ],
    );
    assert.equal(processes.get(found[0]?.process ?? 0), process.pid);
  });

  test("udp: the first datagram of each peer, and all from a name server's port", async () => {
    await using names = await bound(MDNS);
    await using client = await bound(0);
    const own = client.address().port;
    for (const question of ["one", "two"]) client.send(question, MDNS, LOCALHOST);
    await once(names, "message");
    for (const answer of ["first", "second", "third"]) names.send(answer, own, LOCALHOST);
    const found = await read(
      ({ localPort, remotePort }) => localPort === own && remotePort === MDNS,
    );
    assert.deepEqual(
      found.map(({ kind, bytes }) => [kind, text(bytes)]),
      [
        ["first-sent", "one"],
        ["dns", "first"],
        ["dns", "second"],
        ["dns", "third"],
      ],
    );
  });

  test("a full table loses packets, counts them and goes on when it was read", async () => {
    const isOurs = ({ localPort }: Observation) => localPort === client.address().port;
    await using names = await bound(MDNS);
    await using client = await bound(0);
    const before = collector.read().health.lostObservations;
    const answers = OBSERVED_SLOTS + 500;
    for (let i = 0; i < answers; i++) {
      names.send(`answer ${i}`, client.address().port, LOCALHOST);
      if (i % 100 === 0) await sleep(1);
    }
    const found = await read(isOurs);
    const { lostObservations } = collector.read().health;
    assert.ok(found.length <= OBSERVED_SLOTS, `${found.length}`);
    assert.ok(lostObservations - before >= answers - OBSERVED_SLOTS, `${lostObservations}`);
    names.send("afterwards", client.address().port, LOCALHOST);
    assert.deepEqual(
      (await read(isOurs)).map(({ bytes }) => text(bytes)),
      ["afterwards"],
    );
  });

  const processes = new Map<number, number>();

  /** What came for the flow until nothing more does. */
  async function read(isWanted: (one: Observation) => boolean): Promise<Observation[]> {
    const found: Observation[] = [];
    for (let i = 0; i < 5; i++) {
      await sleep(30);
      const snapshot = collector.read();
      for (const { id, pid } of snapshot.processes) processes.set(id, pid);
      found.push(...snapshot.observations.filter(isWanted));
    }
    return found;
  }
});

async function bound(port: number): Promise<Socket & AsyncDisposable> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  socket.bind(port, LOCALHOST);
  await once(socket, "listening");
  return Object.assign(socket, {
    async [Symbol.asyncDispose]() {
      socket.close();
    },
  });
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
