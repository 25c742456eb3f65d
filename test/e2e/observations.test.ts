// The first packets of flows, as the kernel programs copy them, against what was sent.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { OBSERVED_SLOTS } from "../../src/collector/linux/layout.ts";
import { type LinuxCollector, openLinuxCollector } from "../../src/collector/linux.ts";
import type { Observation } from "../../src/model/observation.ts";
import { isUnavailable } from "../../src/model/unavailable.ts";
import { firstOf } from "../../src/names/captures.ts";
import { FlowNames } from "../../src/names/flow-names.ts";
import { skipWithoutWorld } from "./world.ts";

const skip = await skipWithoutWorld();
const MDNS = 5353;
const LOCALHOST = "127.0.0.1";

/** Says a hello on each of many connections. */
const FLOOD = `
const [, port, hex, count] = process.argv;
let open = 0;
const next = () => {
  if (open++ === Number(count)) return process.stdout.write("done", () => process.exit());
  const socket = require("node:net").connect(Number(port), "127.0.0.1", () => {
    socket.write(Buffer.from(hex, "hex"), () => { socket.destroy(); next(); });
  });
};
next();
`;

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

  test("tcp: a hello that takes several packets is copied whole, and nothing behind it", async () => {
    await using server = createServer((socket) => socket.resume());
    server.listen(0, LOCALHOST);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = connect(port, LOCALHOST);
    await once(client, "connect");
    const own = client.localPort as number;
    client.setNoDelay(true);
    const hello = firstOf("tls-chromium");
    const pieces = [hello.subarray(0, 700), hello.subarray(700, 1_400), hello.subarray(1_400)];
    for (const piece of [...pieces, Buffer.from("what is said afterwards")]) {
      client.write(piece);
      await sleep(20);
    }
    const found = await read(({ localPort }) => localPort === own);
    client.destroy();
    assert.deepEqual(
      found.map(({ kind, payloadBytes }) => [kind, payloadBytes]),
      pieces.map(({ length }) => ["first-sent", length]),
    );
    const names = new FlowNames();
    for (const one of found) names.observe(one);
    const { index = 0, serial = 0 } = found[0] ?? {};
    assert.equal(names.nameOf(index, serial)?.name, "photos.example.com");
  });

  test("a flood from outside, and one by another program, take no names away", async () => {
    const hello = firstOf("tls-node");
    await using server = createServer((socket) => socket.resume().on("error", () => {}));
    server.listen({ port: 0, host: LOCALHOST, backlog: 4_096 });
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await using resolver = await bound(53, "127.0.0.77");
    await using client = await bound(0);
    const before = collector.read().health;

    // Another program says more hellos at once than there is room for, and the answers to nobody's question come.
    const flood = spawnSync(
      process.execPath,
      ["-e", FLOOD, String(port), hello.toString("hex"), String(OBSERVED_SLOTS)],
      { encoding: "utf8", timeout: 60_000 },
    );
    assert.equal(flood.stdout, "done", flood.stderr);
    for (let i = 0; i < OBSERVED_SLOTS; i++) {
      resolver.send(`unasked ${i}`, client.address().port, LOCALHOST);
      if (i % 100 === 0) await sleep(1);
    }
    client.send("question", 53, "127.0.0.77");
    await once(resolver, "message");
    resolver.send("answer", client.address().port, LOCALHOST);
    const secure = connect(port, LOCALHOST);
    secure.write(hello);
    await once(secure, "connect");
    await sleep(20);

    const own = [client.address().port, secure.localPort];
    const found = await read(({ localPort }) => own.includes(localPort));
    secure.destroy();
    const said = found.map(({ kind, bytes }) => `${kind} ${bytes.length}`);
    assert.ok(said.includes(`first-sent ${hello.length}`), said.join());
    assert.deepEqual(
      found.filter(({ bytes }) => ["question", "answer"].includes(text(bytes))).length,
      2,
      said.join(),
    );
    const { health } = collector.read();
    assert.ok(health.lostObservations - before.lostObservations > OBSERVED_SLOTS, "no flood");
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

async function bound(port: number, address = LOCALHOST): Promise<Socket & AsyncDisposable> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  socket.bind(port, address);
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
