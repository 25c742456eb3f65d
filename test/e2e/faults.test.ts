// What goes wrong on real machines: damaged files, missing hooks, hostile names, devices that come and go, full tables.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { openLinuxCollector } from "../../src/collector/linux.ts";
import { isUnavailable } from "../../src/model/unavailable.ts";
import { breakProgram, sumsOf } from "./faults.ts";
import { compile } from "./generators/compile.ts";
import { meet, type Pair, tcp } from "./generators/pairs.ts";
import { type Row, total } from "./generators/run.ts";
import { openMeter } from "./meter.ts";
import {
  buildOnce,
  expectNothing,
  MAIN,
  type RealDaemon,
  rowOf,
  startDaemon,
  until,
} from "./real-daemon.ts";
import { host, leftovers, makeWorld, skipWithoutWorld, type World } from "./world.ts";

const skip = await skipWithoutWorld();
const ROOT = join(import.meta.dirname, "..", "..");
const OBJECT = join(ROOT, "bpf", "traffic.bpf.o");
const ATTEMPTS = 4;
/** Control characters but for line ends, and what turns the reading direction. */
const HOSTILE = /[^\n\P{Cc}]|\u202e/u;
const TRACEPOINTS = /^send and receive tracepoints/;

let folder: string;
let world: World;

describe("faults", { skip }, () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
    world = await makeWorld();
  });
  after(async () => {
    await world?.close();
    rmSync(folder, { recursive: true });
    await expectNothing();
  });

  test("a damaged object file is a reason, whatever is damaged, and nothing stays loaded", async () => {
    const whole = readFileSync(OBJECT);
    const damaged: [string, Buffer][] = [
      ["empty", Buffer.alloc(0)],
      ["no ELF file", Buffer.from("no object at all\n".repeat(100))],
      [
        "zeros after the header",
        Buffer.concat([whole.subarray(0, 64), Buffer.alloc(whole.length)]),
      ],
      ["all bits turned after the header", whole.map((byte, at) => (at < 64 ? byte : byte ^ 0xff))],
    ].map(([name, bytes]) => [name as string, Buffer.from(bytes as Buffer)]);
    for (let part = 1; part < 8; part += 1) {
      const end = Math.floor((whole.length * part) / 8);
      damaged.push([`${part} eighths of it`, whole.subarray(0, end)]);
    }
    damaged.push(["all but a byte", whole.subarray(0, whole.length - 1)]);
    for (const [name, bytes] of damaged) {
      // A process of its own: what a damaged file could do to the library is not to end the tests.
      const found = await openApart(bytes);
      assert.equal(found.feature, "eBPF collector", `${name}: ${JSON.stringify(found)}`);
      assert.match(String(found.reason), /^Cannot (read|load|use) .*/, name);
      assert.doesNotMatch(String(found.reason), /undefined|\[object/, name);
    }
    assert.deepEqual((await leftovers()).bpfPrograms, []);
  });

  test("an object file that is missing is a reason too", async () => {
    const found = await openApart(undefined);
    assert.match(String(found.reason ?? found.error), /traffic\.bpf\.o|no such file/i);
  });

  test("a kernel that refuses a tracepoint program: the next level counts, and says what it misses", async () => {
    const file = join(folder, "refused.o");
    writeFileSync(file, breakProgram(readFileSync(OBJECT), "send_length"));
    const collector = openLinuxCollector({ objectFile: pathToFileURL(file) });
    assert.ok(!isUnavailable(collector), JSON.stringify(collector));
    try {
      const { level, missing } = collector.read().health;
      assert.doesNotMatch(level, TRACEPOINTS);
      const isLast = level === "socket creation only";
      const payload = "payload bytes, and sockets passed between processes";
      assert.deepEqual(
        missing.map(({ feature }) => feature),
        [...(isLast ? [payload] : []), "a better level of counting"],
      );
      assert.match(missing.at(-1)?.reason ?? "", /program send_length/);
      const { client } = await meet(tcp({ upload: 500_000 }), inWorld());
      const sums = await sumsOf(collector);
      const sent = sums.ofPid(client.results[0]?.pid ?? 0);
      assert.ok(sent.txWireBytes > 500_000 && sent.txWireBytes < 540_000, JSON.stringify(sent));
      assert.equal(sent.txPayloadBytes, isLast ? 0 : 500_000);
    } finally {
      collector.close();
    }
  });

  test("a kernel that refuses a packet program: the verifier's words, and nothing stays loaded", async () => {
    const found = await openApart(breakProgram(readFileSync(OBJECT), "count_egress"));
    assert.match(String(found.reason), /^Cannot load the eBPF programs: .*count_egress/);
    assert.deepEqual((await leftovers()).bpfPrograms, []);
  });

  test("without libbpf the reason names the package", async () => {
    const found = await apart(
      `const { openLibbpf } = await import(${JSON.stringify(source("native/libbpf.ts"))});
       console.log(JSON.stringify(openLibbpf("libbpf-is-not-here.so.1")));`,
    );
    assert.equal(found.feature, "eBPF loader");
    assert.match(String(found.reason), /^libbpf 1\.x cannot be loaded/);
    assert.match(String(found.remedy), /libbpf1/);
  });

  test("a full table: what has no row is in the overflow, to the byte", async () => {
    // Whatever else this machine sends lands in the overflow too: a moment of that proves nothing.
    for (let attempt = 1; ; attempt += 1) {
      const { counted, truth, health } = await fillTable(64);
      assert.ok(health.overflowTxBytes > 0, "64 rows cannot hold 400 sockets");
      const [bound] = health.bounds;
      assert.ok(bound !== undefined && bound.used <= bound.limit && bound.limit === 63);
      if (attempt < ATTEMPTS && counted.tx > truth.tx) continue;
      assert.deepEqual(counted, truth);
      return;
    }
  });

  test("forwarded traffic has a row of its own, equal to what leaves the device", async () => {
    await using one = await makeWorld({ host: true });
    await using two = await makeWorld({ host: true });
    for (const { a, b } of [one, two]) {
      await host.exec("sysctl", ["-qw", `net.ipv4.conf.${a.device}.forwarding=1`]);
      await b.exec("ip", ["route", "add", "default", "via", a.ip4]);
    }
    using meter = await openMeter();
    const ends = { a: one.b, b: two.b, options: { address: two.b.ip4 } };
    const before = await Promise.all([one.a.sent(), two.a.sent()]);
    const { client } = await meet(tcp({ upload: 2_000_000, download: 50_000 }), ends);
    await meter.settle();
    const now = await Promise.all([one.a.sent(), two.a.sent()]);
    const [down, up] = now.map(({ ipBytes }, at) => ipBytes - (before[at]?.ipBytes ?? 0));
    const towards = meter.ofInterface(two.a.device).forwarded;
    const back = meter.ofInterface(one.a.device).forwarded;
    assert.ok(Number(up) > 2_000_000 && Number(down) > 50_000);
    assert.deepEqual([towards?.txWireBytes, towards?.rxWireBytes], [up, down]);
    assert.deepEqual([back?.txWireBytes, back?.rxWireBytes], [down, up]);
    const row = client.results[0] as Row;
    assert.equal(meter.ofPid(row.pid).txPayloadBytes, 2_000_000, "its sender is known as well");
  });
});

describe("faults that users see", { skip }, () => {
  let daemon: RealDaemon;
  let data: string;
  before(async () => {
    await buildOnce();
    folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
    data = join(folder, "data");
    world = await makeWorld();
    daemon = await startDaemon(data);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await world?.close();
    rmSync(folder, { recursive: true });
    await expectNothing();
  });

  test("hostile names of programs are shown harmless: paths, process names, 4 KB of arguments", async () => {
    const text = Buffer.from("\x1b[2J\x1b]0;owned\x07\u202e\n\r");
    const hostile = Buffer.concat([text, Buffer.from([0xff, 0xc3])]); // Ends as no UTF-8 does.
    const name = Buffer.concat([Buffer.from("evil"), hostile]);
    const path = Buffer.concat([Buffer.from(`${folder}/`), name]);
    copyFileSync(await compile(join(import.meta.dirname, "generators", "zerocopy.c")), path);
    // Becomes a program of that path, and so of that process name; 4 KB of the same are its first argument.
    const become = `import os, sys
path, first = bytes.fromhex(sys.argv[1]), bytes.fromhex(sys.argv[2]) * 400
os.execv(path, [first[:4096], *sys.argv[3:]])`;
    const hex = [path.toString("hex"), hostile.toString("hex")];
    const at: World["a"] = {
      ...world.a,
      spawn: (_, args, options) =>
        world.a.spawn("/usr/bin/python3", ["-c", become, ...hex, ...args], options),
    };
    const pair: Pair = {
      server: { generator: "tcp", role: "server", options: { upload: 20_000 } },
      client: { generator: "zerocopy", role: "sender", options: { bytes: 20_000 } },
    };
    const { client } = await meet(pair, { ...inWorld(), a: at });
    const pid = client.results[0]?.pid ?? 0;
    const row = await rowOf(daemon, pid, ({ txPayloadBytes }) => txPayloadBytes === 20_000);
    assert.equal(row.txPayloadBytes, 20_000);
    assert.match(row.application, /^evil/);
    assert.doesNotMatch(`${row.application}${row.path}`, HOSTILE);
    for (const command of ["ps", "connections"]) {
      const text = await host.exec(process.execPath, [MAIN, command, "--data", data]);
      assert.doesNotMatch(text, HOSTILE, command);
      if (command === "ps") assert.ok(text.includes("evil\\x1b[2J\\x1b]0;owned\\x07"), text);
      assert.ok(text.split("\n").every((line) => line.length < 2000));
    }
    const json = await host.exec(process.execPath, [MAIN, "ps", "--json", "--data", data]);
    assert.doesNotMatch(json, HOSTILE);
  });

  test("200 processes of one name: one application, 200 processes, each with its own bytes", async () => {
    const pair: Pair = {
      server: { generator: "servers", role: "prefork", options: { connections: 200 } },
      client: { generator: "shortlived", role: "launch", options: { processes: 200, vary: 1 } },
    };
    const { client } = await meet(pair, inWorld());
    assert.equal(new Set(client.results.map(({ pid }) => pid)).size, 200);
    const sum = total(client.results);
    const name = /^shortlived/;
    const applications = async () =>
      JSON.parse(await host.exec(process.execPath, [MAIN, "ps", "--json", "--data", data])) as {
        application: string;
        txPayloadBytes: number;
        rxPayloadBytes: number;
      }[];
    await until(async () =>
      (await applications()).some((row) => row.txPayloadBytes === sum.txPayloadBytes),
    );
    const found = (await applications()).filter(({ application }) => name.test(application));
    assert.deepEqual(
      found.map(({ rxPayloadBytes, txPayloadBytes }) => ({ txPayloadBytes, rxPayloadBytes })),
      [sum],
    );
    const byPid = new Map((await daemon.ps()).map((row) => [row.pid, row]));
    for (const row of client.results) {
      const shown = byPid.get(row.pid);
      assert.equal(shown?.txPayloadBytes, row.txPayloadBytes, `process ${row.pid}`);
    }
  });

  test("devices that come and go during traffic: bytes stay under the name, a reused number does not mix", async () => {
    const index = 20_000 + (process.pid % 10_000);
    const names = [90, 91].map((number) => `mta${process.pid}h${number}`);
    const counted: Record<string, number> = {};
    for (const [at, device] of names.entries()) {
      const net = `198.${18 + (process.pid % 2)}.${252 + at}`;
      await host.exec("ip", [
        ...["link", "add", device, "index", String(index), "type", "veth"],
        ...["peer", "name", "far", "netns", world.b.namespace ?? ""],
      ]);
      try {
        // The kernel announces IPv6 addresses when it likes.
        await host.exec("sysctl", ["-qw", `net.ipv6.conf.${device}.disable_ipv6=1`]);
        await host.exec("ip", ["address", "add", `${net}.1/24`, "dev", device]);
        await host.exec("ip", ["link", "set", device, "up"]);
        await world.b.exec("ip", ["address", "add", `${net}.2/24`, "dev", "far"]);
        await world.b.exec("ip", ["link", "set", "far", "up"]);
        // A device counts from its first reading on.
        await until(async () => (await coverage(device)).present);
        const size = 1000 + at * 100;
        const pair: Pair = {
          server: { generator: "datagrams", role: "receiver", options: { count: 100 } },
          client: { generator: "datagrams", role: "sender", options: { count: 100, size } },
        };
        const { client } = await meet(pair, {
          a: host,
          b: world.b,
          options: { address: `${net}.2` },
        });
        const wire = 100 * (size + 28);
        const pid = client.results[0]?.pid ?? 0;
        assert.equal((await rowOf(daemon, pid, (row) => row.txBytes >= wire)).txBytes, wire);
        const link = JSON.parse(await host.exec("ip", ["-s", "-j", "link", "show", "dev", device]));
        counted[device] = link[0].stats64.tx.bytes;
        assert.ok(Number(counted[device]) >= wire + 100 * 14);
        await until(async () => (await coverage(device)).txBytes === counted[device]);
      } finally {
        await host.exec("ip", ["link", "del", device]);
      }
      await until(async () => !(await coverage(device)).present);
    }
    for (const device of names) {
      const { present, txBytes, txAttributedBytes } = await coverage(device);
      assert.deepEqual({ present, txBytes }, { present: false, txBytes: counted[device] }, device);
      assert.ok(txAttributedBytes <= txBytes, `${txAttributedBytes} of ${txBytes} on ${device}`);
    }
  });

  async function coverage(device: string) {
    const found = (await daemon.status()).interfaces.filter(({ name }) => name === device);
    assert.ok(found.length < 2, `${device} is there ${found.length} times`);
    return found[0] ?? { present: false, txBytes: 0, txAttributedBytes: 0 };
  }
});

/** 200 connections in so few rows: rows and overflow together, and what left both devices. */
async function fillTable(slots: number) {
  const collector = openLinuxCollector({ slots });
  assert.ok(!isUnavailable(collector));
  try {
    collector.read();
    const before = await sentByBoth();
    const options = { upload: 3000, download: 1000, connections: 200 };
    const { client, server } = await meet(tcp(options), inWorld());
    const { ofPort, overflow, health } = await sumsOf(collector);
    const sent = (await sentByBoth()) - before;
    const rows = ofPort(client.results[0]?.remote?.port ?? 0);
    const payload = total([...client.results, ...server.results]);
    return {
      counted: {
        tx: rows.txWireBytes + overflow.txBytes,
        rx: rows.rxWireBytes + overflow.rxBytes,
        payload: rows.txPayloadBytes + rows.rxPayloadBytes + overflow.payloadBytes,
      },
      // What one end sends the other receives.
      truth: { tx: sent, rx: sent, payload: payload.txPayloadBytes + payload.rxPayloadBytes },
      health,
    };
  } finally {
    collector.close();
  }
}

function inWorld() {
  return { a: world.a, b: world.b, options: { address: world.b.ip4 } };
}

async function sentByBoth(): Promise<number> {
  const [a, b] = await Promise.all([world.a.sent(), world.b.sent()]);
  return a.ipBytes + b.ipBytes;
}

/** What openLinuxCollector() answers in a process of its own; `undefined` is a file that is not there. */
function openApart(bytes: Buffer | undefined): Promise<Record<string, unknown>> {
  const file = join(folder, bytes === undefined ? "none/traffic.bpf.o" : "damaged.o");
  if (bytes !== undefined) writeFileSync(file, bytes);
  return apart(
    `const { openLinuxCollector } = await import(${JSON.stringify(source("collector/linux.ts"))});
     let found;
     try {
       found = openLinuxCollector({ objectFile: new URL(${JSON.stringify(pathToFileURL(file).href)}) });
     } catch (error) { found = { error: error.message }; }
     console.log(JSON.stringify(found));
     found.close?.();`,
  );
}

async function apart(script: string): Promise<Record<string, unknown>> {
  return JSON.parse(await host.exec(process.execPath, ["--input-type=module", "-e", script]));
}

function source(path: string): string {
  return pathToFileURL(join(ROOT, "src", path)).href;
}
