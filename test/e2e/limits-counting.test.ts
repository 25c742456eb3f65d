// A packet under a limit counts once, and only where it passed: what the real daemon says against what left and arrived.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Status } from "../../src/model/monitauri.ts";
import type { InterfaceCoverage } from "../../src/model/sample.ts";
import { copyProgram } from "./generators/program.ts";
import { type End, networkOf, PYTHON, startTransfer, type Transfer } from "./limiting.ts";
import { buildOnce, MAIN, type RealDaemon, rowOf, startDaemon } from "./real-daemon.ts";
import { makeWorld, skipWithoutWorld, type World } from "./world.ts";

const skip = await skipWithoutWorld();
const CAP = 1_250_000;
const UDP_HEADERS = 28;
const PAYLOAD = 1_400;
/** What is not the program's own: neighbour discovery, and packets between two readings. */
const OTHERS_BYTES = 20_000;

describe("what a limit lets pass is what is counted", { skip }, () => {
  let world: World;
  let folder: string;
  let data: string;
  let program: string;
  let daemon: RealDaemon;
  before(async () => {
    await buildOnce();
    world = await makeWorld();
    await world.a.exec("ip", ["route", "add", "default", "via", world.b.ip4]);
    folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
    data = join(folder, "data");
    program = copyProgram(PYTHON, join(folder, "limited-program"));
    daemon = await startDaemon(data, { at: networkOf(world.a) });
  });
  after(async () => {
    daemon?.tell("SIGTERM");
    await daemon?.ended;
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const protocol of ["udp", "tcp"] as const) {
    test(`upload, ${protocol}: offered four times the cap, the row holds what left the machine`, async () => {
      await limited("--up", "10mbit");
      const before = await crossed();
      const { pid, bins } = await moved(
        { place: world.a, program },
        { place: world.b },
        { protocol, address: world.b.ip4 },
      );
      const arrived = bins.reduce((sum, bytes) => sum + bytes, 0);
      assert.ok(arrived > 2.5 * CAP && arrived < 8 * CAP, `the cap held: ${arrived} bytes arrived`);
      const row = await rowOf(daemon, pid, ({ txBytes }) => txBytes > arrived);
      if (protocol === "udp") {
        const wire = (arrived / PAYLOAD) * (PAYLOAD + UDP_HEADERS);
        near(row.txBytes, wire, 0.01, "the row against what arrived");
        assert.ok(row.txPayloadBytes > 3 * arrived, "the calls offered far more");
      }
      const leftBytes = (await crossed()).leftBytes - before.leftBytes;
      near(row.txBytes, leftBytes, 0.01, "the row against the device's queue");
      const coverage = await coverageSince(before);
      near(coverage.txAttributedBytes, coverage.txBytes, 0.01, "coverage");
      assert.equal(coverage.remainders.forwarded, undefined, "nothing was forwarded");
    });
  }

  test("download, udp: the row holds what arrived, and what was dropped has a name", async () => {
    await limited("--down", "10mbit");
    const before = await crossed();
    const { pid, bins } = await moved(
      { place: world.b },
      { place: world.a, program },
      { protocol: "udp", address: world.a.ip4 },
    );
    await sleep(500);
    const arrived = bins.reduce((sum, bytes) => sum + bytes, 0);
    const wire = (arrived / PAYLOAD) * (PAYLOAD + UDP_HEADERS);
    const row = await rowOf(daemon, pid, ({ rxBytes }) => rxBytes >= wire);
    near(row.rxBytes, wire, 0.01, "the row against what arrived");
    const coverage = await coverageSince(before);
    const dropped = coverage.remainders.limited?.rxBytes ?? 0;
    assert.ok(dropped > 2 * arrived, `dropped: ${dropped}`);
    near(coverage.rxAttributedBytes + dropped, coverage.rxBytes, 0.01, "coverage");
    assert.equal(coverage.remainders.forwarded, undefined, "nothing was forwarded");
  });

  test("block: what was refused to a socket that is open already is not sent", async () => {
    await limit("clear");
    await using transfer = await start(
      { place: world.a, program },
      { place: world.b },
      { protocol: "udp", address: world.b.ip4 },
    );
    await sleep(500);
    await limit("add", "--app", program, "--block");
    await transfer.source.line(); // its next send failed
    const bins = await transfer.stop();
    const wire = (bins.reduce((sum, bytes) => sum + bytes, 0) / PAYLOAD) * (PAYLOAD + UDP_HEADERS);
    const row = await rowOf(daemon, transfer.source.pid, ({ txBytes }) => txBytes >= wire);
    near(row.txBytes, wire, 0.001, "the row against what arrived");
  });

  test("the shapers themselves are no interfaces of the machine", async () => {
    await limited("--up", "10mbit", "--down", "10mbit");
    await sleep(300);
    const links = await world.a.exec("ip", ["-o", "link", "show", "type", "ifb"]);
    assert.match(links, /monitauri-up/);
    const { interfaces } = await daemon.status();
    assert.ok(!interfaces.some(({ name }) => name.startsWith("monitauri")));
  });

  interface Move {
    readonly protocol: "tcp" | "udp";
    readonly address: string;
  }

  async function moved(from: End, to: End, move: Move): Promise<{ pid: number; bins: number[] }> {
    await using transfer = await start(from, to, move);
    const pid = (from.program === undefined ? transfer.sink : transfer.source).pid;
    await sleep(4_000);
    transfer.source.child.kill("SIGSTOP"); // what waits in the shaper still leaves, and is received
    await sleep(1_000);
    return { pid, bins: await transfer.stop() };
  }

  function start(from: End, to: End, { protocol, address }: Move): Promise<Transfer> {
    const options = { protocol, offered: 4 * CAP, payload: PAYLOAD };
    return startTransfer({ ...from, options }, { ...to, options }, { address });
  }

  async function limited(...effect: string[]): Promise<void> {
    await limit("clear");
    await limit("add", "--app", program, ...effect);
  }

  interface Crossed {
    readonly coverage: InterfaceCoverage;
    /** What left, by the device's own queue, behind the shaper: segments counted. */
    readonly leftBytes: number;
  }

  async function crossed(): Promise<Crossed> {
    const { ipBytes } = await world.a.sent();
    return { coverage: coverageIn(await daemon.status()), leftBytes: ipBytes };
  }

  async function coverageSince({ coverage }: Crossed): Promise<InterfaceCoverage> {
    const now = coverageIn(await daemon.status());
    const part = (kind: "limited" | "forwarded") => {
      const rxBytes =
        (now.remainders[kind]?.rxBytes ?? 0) - (coverage.remainders[kind]?.rxBytes ?? 0);
      const txBytes =
        (now.remainders[kind]?.txBytes ?? 0) - (coverage.remainders[kind]?.txBytes ?? 0);
      return rxBytes + txBytes === 0 ? {} : { [kind]: { rxBytes, txBytes } };
    };
    return {
      ...now,
      rxBytes: now.rxBytes - coverage.rxBytes,
      txBytes: now.txBytes - coverage.txBytes,
      rxAttributedBytes: now.rxAttributedBytes - coverage.rxAttributedBytes,
      txAttributedBytes: now.txAttributedBytes - coverage.txAttributedBytes,
      remainders: { ...part("limited"), ...part("forwarded") },
    };
  }

  function coverageIn({ interfaces }: Status): InterfaceCoverage {
    const found = interfaces.find(({ name }) => name === world.a.device);
    assert.ok(found !== undefined);
    return found;
  }

  function near(found: number, wanted: number, share: number, what: string): void {
    const most = Math.max(wanted * share, OTHERS_BYTES);
    assert.ok(Math.abs(found - wanted) <= most, `${what}: ${found} for ${wanted}`);
  }

  function limit(...words: string[]): Promise<string> {
    return networkOf(world.a).exec(process.execPath, [MAIN, "limit", ...words, "--data", data]);
  }
});
