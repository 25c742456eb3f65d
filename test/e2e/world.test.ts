// Shows that the world and its generators are worth trusting before anything is measured with them: both ends agree,
// the kernel's counters have the size that the counts demand, and nothing is left behind.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { agree, type Half, meet, PAIRS, type Pair, servers, tcp } from "./generators/pairs.ts";
import { byProcess, runGenerator, type Start, startGenerator, total } from "./generators/run.ts";
import {
  countWithNft,
  host,
  leftovers,
  makeWorld,
  NOTHING,
  skipWithoutWorld,
  sweep,
  type World,
} from "./world.ts";

const TCP_HEADER_BYTES = 32; // With timestamps.
const WORLD = join(import.meta.dirname, "world.ts");

const skip = await skipWithoutWorld();

describe("generators", { skip }, () => {
  let world: World;
  before(async () => {
    world = await makeWorld();
  });
  after(() => world?.close());

  for (const family of ["ip4", "ip6"] as const) {
    for (const [name, pair] of Object.entries(PAIRS)) {
      test(`${name}: both ends agree (${family})`, async () => {
        agree(await meet(pair, within(world.b[family])));
      });
    }

    test(`icmp: every echo is answered (${family})`, async () => {
      for (const raw of [false, true]) {
        const options = { address: world.b[family], count: 5, raw };
        const { results } = await runGenerator({
          generator: "packets",
          role: "ping",
          at: world.a,
          options,
        });
        assert.equal(results[0]?.txPayloadBytes, 5 * 64);
        const headers = Number(results[0]?.ipHeaderBytes);
        assert.equal(results[0]?.rxPayloadBytes, 5 * 64 + headers);
      }
    });

    // 8008 bytes with the UDP header make six fragments of 1500 bytes at most: each has a header.
    const onWire = family === "ip4" ? 8008 + 6 * 20 : 8008 + 6 * (40 + 8);
    test(`fragments: 8000 bytes are ${onWire} on the wire (${family})`, async () => {
      const was = await world.a.sent();
      const found = await oneWay({ address: world.b[family], size: 8000, count: 20 });
      agree(found);
      assert.equal((await world.a.sent()).ipBytes - was.ipBytes, 20 * onWire);
    });

    test(`raw: IP protocol 253 arrives (${family})`, async () => {
      const { client, server } = await oneWay({ address: world.b[family], raw: 253, count: 20 });
      const headers = Number(server.results[0]?.ipHeaderBytes);
      assert.equal(total(server.results).rxPayloadBytes, 20_000 + headers);
      assert.equal(total(client.results).txPayloadBytes, 20_000);
    });

    test(`udp segmentation: nothing is lost, with and without UDP_GRO (${family})`, async () => {
      for (const gro of [false, true]) {
        const server: Half = { generator: "udp-gso", role: "receiver", options: { gro } };
        const client: Half = { generator: "udp-gso", role: "sender" };
        const found = await meet({ server, client }, within(world.b[family]));
        agree(found);
        if (!gro)
          assert.equal(found.server.results[0]?.rxCalls, found.client.results[0]?.datagrams);
      }
    });

    test(`injection: frames of a packet socket arrive as UDP (${family})`, async () => {
      for (const cooked of [false, true]) {
        const { mac } = world.b;
        const { device, [family]: source } = world.a;
        const injected: Pair = {
          server: { generator: "datagrams", role: "receiver" },
          client: {
            generator: "packets",
            role: "inject",
            options: { mac, device, source, cooked },
          },
        };
        const { client, server } = await meet(injected, within(world.b[family]));
        assert.equal(total(server.results).rxPayloadBytes, client.results[0]?.udpBytes);
      }
    });

    test(`multicast: each of two receivers gets a copy (${family})`, async () => {
      const address = family === "ip4" ? "239.77.1.1" : "ff15::77";
      const receiver: Start = {
        generator: "datagrams",
        role: "receiver",
        at: world.b,
        options: { address, port: 7700, group: true, device: world.b.device, count: 20 },
      };
      await using one = await startGenerator(receiver);
      await using two = await startGenerator(receiver);
      await Promise.all([one.listening(), two.listening()]);
      const sender = { address, port: 7700, group: true, device: world.a.device, count: 20 };
      await runGenerator({ generator: "datagrams", role: "sender", at: world.a, options: sender });
      for (const { results } of await Promise.all([one.result(), two.result()])) {
        assert.equal(total(results).rxPayloadBytes, 20_000);
      }
    });
  }

  test("flood: the receiver gets no more than was sent, and most of it", async () => {
    const flood: Pair = {
      server: { generator: "flood", role: "receiver" },
      client: { generator: "flood", role: "sender", options: { count: 100_000 } },
    };
    const { client, server } = await meet(flood, within(world.b.ip4));
    const { txPayloadBytes } = total(client.results);
    const { rxPayloadBytes } = total(server.results);
    assert.equal(txPayloadBytes, 100_000 * 64);
    assert.ok(rxPayloadBytes <= txPayloadBytes && rxPayloadBytes > 0, `${rxPayloadBytes}`);
  });

  test("shortlived: 500 programs with arguments of their own, gone in a few milliseconds", async () => {
    const launch: Pair = {
      server: { generator: "servers", role: "prefork" },
      client: { generator: "shortlived", role: "launch", options: { vary: 1, atOnce: 2 } },
    };
    const { client, server } = await meet(launch, within(world.b.ip4));
    agree({ client, server });
    assert.equal(byProcess(client.results).length, 500);
    assert.equal(new Set(client.results.map(({ id }) => id)).size, 500);
    const lifetimes = client.results
      .map(({ lifetimeMs }) => Number(lifetimeMs))
      .sort((a, b) => a - b);
    assert.ok(Number(lifetimes[250]) < 10, `half of them lived longer than ${lifetimes[250]} ms`);
    for (const { id, txPayloadBytes, rxPayloadBytes } of client.results) {
      assert.deepEqual([txPayloadBytes, rxPayloadBytes], [372 + Number(id), 100_000]);
    }
  });

  test("many: idle connections send on command, over loopback and the veth pair", async () => {
    for (const [at, address] of [
      [world.a, ["127.0.0.1", "127.0.0.2"]],
      [world.b, [world.b.ip4]],
    ] as const) {
      const options = { connections: 2000, ports: 3, echo: true, barrier: "open" };
      await using server = await startGenerator({ generator: "many", role: "server", at, options });
      await server.listening();
      await using client = await startGenerator({
        generator: "many",
        role: "client",
        at: world.a,
        options: { ...options, address, intervalMs: 10 },
      });
      for (const side of [client, server]) {
        await side.ready();
        side.release();
      }
      for (const line of ["send 100 3", "send 7 2 500"]) {
        client.command(line);
        assert.equal((await client.ready()).point, "sent");
      }
      client.command("close");
      const found = { client: await client.result(), server: await server.result() };
      agree(found);
      assert.equal(total(found.client.results).txPayloadBytes, 2000 * 300 + 500 * 14);
    }
  });

  test("rows name the process that did it: workers, both programs of an exec, A and B in turn", async () => {
    const address = world.b.ip4;
    const prefork = await meet(servers("prefork"), within(address));
    assert.equal(byProcess(prefork.server.results).length, 4);
    const threads = await meet(servers("threads"), within(address));
    assert.equal(byProcess(threads.server.results).length, 1);
    assert.ok(new Set(threads.server.results.map(({ thread }) => thread)).size > 1);

    const [first, second] = (await meetNamed("exec in the middle", address)).client.results;
    assert.equal(first?.pid, second?.pid);
    assert.notEqual(first?.program, second?.program);
    assert.deepEqual([first?.txPayloadBytes, second?.txPayloadBytes], [10_000, 20_000]);

    for (const name of ["fd passing, tcp", "fd passing, udp"]) {
      const [before, between, behind] = (await meetNamed(name, address)).client.results;
      assert.equal(before?.pid, behind?.pid);
      assert.notEqual(before?.pid, between?.pid);
      assert.equal(before?.cookie, between?.cookie);
      assert.deepEqual([between?.txPayloadBytes, between?.rxPayloadBytes], [20_000, 30_000]);
    }
  });

  test("fast open and multipath are what they claim to be", async () => {
    const fast = await meetNamed("tcp fast open", world.b.ip4);
    assert.equal(fast.client.results[0]?.dataInSyn, true);
    for (const { results } of Object.values(await meetNamed("mptcp", world.b.ip6))) {
      assert.equal(results[0]?.multipath, true);
    }
  });

  test("barriers hold before, within and after the traffic, and the pid is the generator's own", async () => {
    const both = { address: world.b.ip4, port: 7701, upload: 100_000, linger: true };
    const barrier = ["start", "open", "half"];
    await using server = await startGenerator({
      generator: "tcp",
      role: "server",
      at: world.b,
      options: { ...both, barrier: "half" },
    });
    await server.listening();
    await using client = await startGenerator({
      generator: "tcp",
      role: "client",
      at: world.a,
      options: { ...both, barrier },
    });
    const upload = async () => (await world.a.link()).tx.bytes;
    const idle = await upload();
    assert.deepEqual(await client.ready(), { pid: client.pid, point: "start" });
    assert.equal(await upload(), idle);
    client.release();
    assert.equal((await client.ready()).point, "open");
    assert.ok((await upload()) - idle < 1000, "only the handshake");
    client.release();
    assert.equal((await client.ready()).point, "half");
    assert.equal((await server.ready()).point, "half");
    const half = (await upload()) - idle;
    assert.ok(half > 50_000 && half < 60_000, `${half} bytes after half of the traffic`);
    for (const side of [client, server]) side.release();
    for (const side of [client, server]) assert.equal((await side.ready()).point, "linger");
    assert.ok(existsSync(`/proc/${client.pid}`));
    for (const side of [client, server]) side.release();
    const [row] = (await client.result()).results;
    assert.equal(row?.pid, client.pid);
    assert.equal(row?.halfTxPayloadBytes, 50_000);
    assert.equal(total((await server.result()).results).rxPayloadBytes, 100_000);
  });

  test("a generator that hangs is killed, and one that fails says why", async () => {
    const start: Start = { generator: "tcp", role: "server", options: { address: "127.0.0.1" } };
    await using hanging = await startGenerator({ ...start, at: world.a, timeoutMs: 300 });
    await assert.rejects(hanging.result(), /tcp server: no result in 300 ms/);
    const wrong = runGenerator({
      ...start,
      at: world.a,
      role: "client",
      options: { address: "1" },
    });
    await assert.rejects(wrong, /tcp client: ended with 1[\s\S]*ValueError/);
  });

  /** The client in a, the server in b, at this address of b. */
  function within(address: string, options: Half["options"] = {}) {
    return { a: world.a, b: world.b, options: { ...options, address } };
  }

  function meetNamed(name: string, address: string) {
    return meet(PAIRS[name] as Pair, within(address));
  }

  function oneWay({
    address,
    count,
    ...more
  }: { address: string; count: number } & Half["options"]) {
    const server: Half = { generator: "datagrams", role: "receiver", options: { count } };
    const client: Half = { generator: "datagrams", role: "sender", options: { count } };
    return meet({ server, client }, within(address, more));
  }
});

describe("world", { skip }, () => {
  test("tc, nft and the interface agree to the byte where nothing is offloaded", async () => {
    await using world = await makeWorld({ offloads: false });
    const { tc, nft, link } = await countUpload(world, 1_000_000);
    assert.equal(nft.bytes, tc.ipBytes);
    assert.equal(nft.packets, tc.packets);
    assert.equal(link.bytes, tc.bytes);
    expectUpload(tc.ipBytes, { payload: 1_000_000, mtu: 1500 });
  });

  test("tc alone counts segments where they are offloaded", async () => {
    await using world = await makeWorld({ mtu: 1280 });
    const { tc, nft, link } = await countUpload(world, 1_000_000);
    expectUpload(tc.ipBytes, { payload: 1_000_000, mtu: 1280 });
    assert.ok(nft.bytes < tc.ipBytes && nft.bytes > 1_000_000, `${nft.bytes} < ${tc.ipBytes}`);
    assert.ok(link.bytes < tc.bytes, `${link.bytes} < ${tc.bytes}`);
  });

  test("a router forwards both families, and the host can be one end", async () => {
    await using world = await makeWorld({ host: true, router: true, addresses: 2 });
    assert.equal(world.a.namespace, undefined);
    const forwarded = await countWithNft(world.router?.toA ?? host, [
      { name: "all", hook: "forward", match: "meta l4proto tcp" },
    ]);
    for (const address of [...world.b.ip4s, world.b.ip6]) {
      agree(await meet(tcp({ upload: 10_000 }), { a: world.a, b: world.b, options: { address } }));
    }
    assert.ok(Number((await forwarded()).all?.bytes) > 30_000);
    assert.deepEqual((await leftovers()).devices, [world.a.device]);
  });

  test("nothing is left behind by a test that ends, is interrupted or is killed", async () => {
    const kinds = async () => {
      const { namespaces, devices, processes } = await leftovers();
      return { ...NOTHING, namespaces, devices, processes };
    };
    const world = await makeWorld({ host: true });
    const lost = world.b.spawn("sleep", ["60"], { stdio: "ignore" });
    const left = await kinds();
    assert.deepEqual(left.namespaces, [world.b.namespace]);
    assert.deepEqual(left.devices, [world.a.device]);
    assert.ok(
      left.processes.some((it) => it.startsWith(`${lost.pid} `)),
      left.processes.join(),
    );
    await Promise.all([world.close(), once(lost, "exit")]);
    assert.deepEqual(await kinds(), NOTHING);

    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      const other = spawn(process.execPath, ["--input-type=module-typescript", "-e", ELSEWHERE]);
      const [namespace, device, pid] = (await firstLine(other)).split(" ") as [
        string,
        string,
        string,
      ];
      const there = () =>
        [`/run/netns/${namespace}`, `/sys/class/net/${device}`].filter(existsSync);
      assert.deepEqual([there().length, runs(pid)], [2, true]);
      other.kill(signal);
      await once(other, "exit");
      assert.equal(other.signalCode, signal);
      if (signal === "SIGKILL") assert.ok(sweep().includes(namespace));
      assert.deepEqual(there(), []);
      await ended(pid);
    }
  });
});

/** A test of somebody else, who does not close its world. */
const ELSEWHERE = `
  const { makeWorld } = await import(${JSON.stringify(WORLD)});
  const world = await makeWorld({ host: true });
  const child = world.a.spawn("sleep", ["60"], { stdio: "ignore" });
  console.log(world.b.namespace, world.a.device, child.pid);
`;

async function firstLine(child: ChildProcess): Promise<string> {
  child.stderr?.pipe(process.stderr);
  const [text] = await once(child.stdout ?? child, "data");
  return String(text).trim();
}

/** The kernel finishes killing after the call has returned. */
async function ended(pid: string): Promise<void> {
  for (let tries = 0; runs(pid); tries++) {
    assert.ok(tries < 100, `process ${pid} still runs`);
    await setTimeout(10);
  }
}

/** What has ended and waits for its parent has no command line. */
function runs(pid: string): boolean {
  const path = `/proc/${pid}/cmdline`;
  return existsSync(path) && readFileSync(path, "utf8") !== "";
}

/** What the counters say of the client's side of an upload. */
async function countUpload({ a, b }: World, payload: number) {
  // Before its device, a sender's packets are whole even without offloads; nft sees them cut at the receiver.
  const read = await countWithNft(b, [{ name: "all", hook: "input", match: "meta l4proto tcp" }]);
  const [tc, link] = [await a.sent(), await a.link()];
  agree(await meet(tcp({ upload: payload }), { a, b, options: { address: b.ip4 } }));
  const [tcNow, linkNow, { all }] = [await a.sent(), await a.link(), await read()];
  return {
    tc: {
      bytes: tcNow.bytes - tc.bytes,
      packets: tcNow.packets - tc.packets,
      ipBytes: tcNow.ipBytes - tc.ipBytes,
    },
    link: { bytes: linkNow.tx.bytes - link.tx.bytes },
    nft: all as { bytes: number; packets: number },
  };
}

/** Full segments, and a little more: handshake, acknowledgements, segments that were not full. */
function expectUpload(ipBytes: number, { payload, mtu }: { payload: number; mtu: number }): void {
  const headers = 20 + TCP_HEADER_BYTES;
  const least = payload + Math.ceil(payload / (mtu - headers)) * headers;
  assert.ok(ipBytes >= least, `${ipBytes} are less than ${least}`);
  assert.ok(ipBytes < least * 1.01, `${ipBytes} are much more than ${least}`);
}
