// Every byte on the process that called send or receive, equal to what the generators say they sent and received.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { meet, PAIRS, type Pair, servers, tcp } from "./generators/pairs.ts";
import {
  byProcess,
  type Result,
  type Row,
  runGenerator,
  startGenerator,
  total,
} from "./generators/run.ts";
import { type Meter, openMeter } from "./meter.ts";
import { leftovers, makeWorld, NOTHING, skipWithoutWorld, type World } from "./world.ts";

const skip = await skipWithoutWorld();

/** What the collector calls it where the kernel takes no programs on devices (before Linux 6.6). */
const DEVICES = "forwarded packets and link-level senders";

describe("attribution", { skip }, () => {
  let world: World;
  let meter: Meter;
  before(async () => {
    world = await makeWorld();
    meter = await openMeter();
  });
  after(async () => {
    meter?.[Symbol.dispose]();
    await world?.close();
    assert.deepEqual(await leftovers(), NOTHING);
  });

  for (const family of ["ip4", "ip6"] as const) {
    for (const [name, pair] of Object.entries(PAIRS)) {
      test(`payload: ${name} (${family})`, async () => {
        const found = await meet(pair, { ...ends(world), options: { address: world.b[family] } });
        await meter.settle();
        expectPayload(meter, found);
      });
    }
  }

  test("payload: 500 programs of a few milliseconds, each by itself and with its own arguments", async () => {
    const pair: Pair = {
      server: { generator: "servers", role: "prefork", options: { connections: 500 } },
      client: { generator: "shortlived", role: "launch", options: { vary: 1 } },
    };
    const found = await meet(pair, { ...ends(world), options: { address: world.b.ip4 } });
    await meter.settle();
    expectPayload(meter, found);
    for (const row of found.client.results) {
      const process = [...meter.processes.values()].find((one) => one.pid === row.pid);
      assert.ok(
        process?.arguments.join(" ").includes(`--id ${row.id} `),
        String(process?.arguments),
      );
    }
  });

  test("exec in the middle: each program has its part", async () => {
    const pair = PAIRS["exec in the middle"] as Pair;
    const { client } = await meet(pair, { ...ends(world), options: { address: world.b.ip4 } });
    await meter.settle();
    for (const row of client.results) {
      const sums = meter.ofPid(row.pid, String(row.program));
      assert.deepEqual(payload(sums), payload(row), String(row.program));
    }
  });

  test("a connection older than the collector belongs to the process that holds it", async () => {
    const options = { address: world.b.ip4, upload: 1_000_000, barrier: "open" };
    const { server, client } = tcp(options);
    await using serving = await startGenerator({ ...server, at: world.b });
    const port = await serving.listening();
    await using asking = await startGenerator({
      ...client,
      at: world.a,
      options: { ...options, port },
    });
    await Promise.all([serving.ready(), asking.ready()]);
    using later = await openMeter();
    serving.release();
    asking.release();
    const found = { client: await asking.result(), server: await serving.result() };
    await later.settle();
    expectPayload(later, found);
    const sent = later.ofPid(asking.pid);
    assert.ok(
      sent.txWireBytes > 1_000_000,
      `${sent.txWireBytes} bytes on the wire have the client as owner`,
    );
    assert.ok(later.ofPid(serving.pid).rxWireBytes > 1_000_000);
  });

  test("wire: a worker owns its connections but for the handshake, which is the listener's", async () => {
    const found = await meet(servers("prefork"), {
      ...ends(world),
      options: { address: world.b.ip4 },
    });
    await meter.settle();
    const port = found.client.results[0]?.remote?.port ?? 0;
    const byPid = meter.ofPort(port);
    for (const row of byProcess(found.server.results)) {
      const sums = byPid.get(row.pid);
      const connections = row.sockets ?? 0;
      // Beyond the payload: headers of a few segments each way, FIN included.
      assert.ok(sums && sums.rxWireBytes > row.rxPayloadBytes, `worker ${row.pid}`);
      const headers = sums.rxWireBytes - row.rxPayloadBytes;
      assert.ok(headers <= connections * 10 * 60, `${headers} bytes of headers for ${connections}`);
    }
    const workers = new Set(byProcess(found.server.results).map(({ pid }) => pid));
    const clientPid = found.client.results[0]?.pid ?? 0;
    const listener = [...byPid].filter(
      ([pid]) => !workers.has(pid) && pid !== clientPid && pid !== 0,
    );
    assert.equal(listener.length, 1);
    // SYN with options and ACK in, SYN-ACK out: 60 + 52 and 60 bytes for each of 500 connections. A request that overtakes
    // its ACK on another processor completes the handshake instead of it, as it is the listener's then.
    const { rxWireBytes = 0, txWireBytes } = listener[0]?.[1] ?? {};
    assert.equal(txWireBytes, 500 * 60);
    const overtaking = rxWireBytes - 500 * 112;
    assert.ok(overtaking >= 0 && overtaking < 5 * 4052, `${overtaking} bytes more than handshakes`);
  });

  test("wire: a passed descriptor's bytes are the new sender's from the first packet on (tcp)", async () => {
    const pair = PAIRS["fd passing, tcp"] as Pair;
    const { client } = await meet(pair, { ...ends(world), options: { address: world.b.ip4 } });
    await meter.settle();
    const [, between] = client.results as [Row, Row, Row];
    const sums = meter.ofPid(between.pid);
    assert.ok(
      sums.txWireBytes > between.txPayloadBytes,
      `${sums.txWireBytes} of ${between.txPayloadBytes}`,
    );
    assert.ok(
      sums.rxWireBytes > between.rxPayloadBytes,
      `${sums.rxWireBytes} of ${between.rxPayloadBytes}`,
    );
  });

  test("udp: 200 peers of one socket are told apart", async () => {
    const pair = PAIRS["udp server with 200 peers"] as Pair;
    const found = await meet(pair, { ...ends(world), options: { address: world.b.ip4 } });
    await meter.settle();
    const server = found.server.results[0] as Row;
    const peers = meter.peers(server.pid, found.client.results[0]?.remote?.port ?? 0);
    for (const client of found.client.results) {
      const port = client.local?.port ?? 0;
      const perPeer = peers.get(port);
      assert.equal(
        perPeer?.rxWireBytes,
        client.txPayloadBytes + client.txCalls * 28,
        `port ${port}`,
      );
      assert.equal(
        perPeer?.txWireBytes,
        client.rxPayloadBytes + client.rxCalls * 28,
        `port ${port}`,
      );
    }
  });

  test("wire: fragments carry their headers, both ways", async () => {
    for (const [family, header] of [
      ["ip4", 20],
      ["ip6", 48],
    ] as const) {
      const pair: Pair = {
        server: { generator: "datagrams", role: "receiver", options: { count: 20 } },
        client: { generator: "datagrams", role: "sender", options: { size: 8000, count: 20 } },
      };
      const { server, client } = await meet(pair, {
        ...ends(world),
        options: { address: world.b[family] },
      });
      await meter.settle();
      const expected = 20 * (8008 + 6 * header);
      assert.equal(meter.ofPid(client.results[0]?.pid ?? 0).txWireBytes, expected, family);
      assert.equal(meter.ofPid(server.results[0]?.pid ?? 0).rxWireBytes, expected, family);
    }
  });

  test("icmp: echo belongs to the process that asks", async () => {
    const options = { address: world.b.ip4, count: 5 };
    const { results } = await runGenerator({
      generator: "packets",
      role: "ping",
      at: world.a,
      options,
    });
    await meter.settle();
    const sums = meter.ofPid(results[0]?.pid ?? 0);
    assert.deepEqual([sums.txWireBytes, sums.rxWireBytes], [5 * 84, 5 * 84]);
  });
});

describe("attribution on the host's own interfaces", { skip }, () => {
  test("injected frames belong to their sender; forwarded packets have a row of their own", async (t) => {
    await using world = await makeWorld({ host: true });
    using meter = await openMeter();
    const lacking = meter.last.health.missing.find(({ feature }) => feature === DEVICES);
    if (lacking !== undefined) return t.skip(lacking.reason);
    const { mac } = world.b;
    const pair: Pair = {
      server: { generator: "datagrams", role: "receiver", options: {} },
      client: {
        generator: "packets",
        role: "inject",
        options: { mac, device: world.a.device, source: world.a.ip4, size: 500 },
      },
    };
    const { client } = await meet(pair, { ...ends(world), options: { address: world.b.ip4 } });
    await meter.settle();
    const row = client.results[0] as Row;
    assert.equal(meter.ofPid(row.pid).txWireBytes, Number(row.udpBytes) + 28 * row.txCalls);
  });
});

function expectPayload(meter: Meter, found: { server: Result; client: Result }): void {
  for (const [side, { results }] of Object.entries(found)) {
    assert.ok(total(results).txPayloadBytes + total(results).rxPayloadBytes > 0);
    for (const row of byProcess(results)) {
      assert.deepEqual(payload(meter.ofPid(row.pid)), payload(row), `${side}, pid ${row.pid}`);
    }
  }
}

function payload(of: { rxPayloadBytes: number; txPayloadBytes: number }) {
  return { rx: of.rxPayloadBytes, tx: of.txPayloadBytes };
}

function ends({ a, b }: World) {
  return { a, b };
}
