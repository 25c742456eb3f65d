// The whole way: a rule is typed, the real daemon enforces it in a network namespace, is killed, and is started again.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LimitList } from "../../src/model/limit.ts";
import { copyProgram } from "./generators/program.ts";
import { lastRate, networkOf, PYTHON, payloadRate, startTransfer } from "./limiting.ts";
import { buildOnce, MAIN, type RealDaemon, startDaemon, until } from "./real-daemon.ts";
import { makeWorld, skipWithoutWorld, type World } from "./world.ts";

const skip = await skipWithoutWorld();
const CAP = 1_250_000;

describe("limits of the real daemon", { skip }, () => {
  let world: World;
  let folder: string;
  let data: string;
  let program: string;
  let untouched: string;
  before(async () => {
    await buildOnce();
    world = await makeWorld();
    await world.a.exec("ip", ["route", "add", "default", "via", world.b.ip4]);
    folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
    data = join(folder, "data");
    program = copyProgram(PYTHON, join(folder, "limited-program"));
    untouched = await state();
  });
  after(async () => {
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const state = async () =>
    [
      await world.a.exec("tc", ["qdisc", "show"]),
      await world.a.exec("tc", ["filter", "show", "dev", world.a.device, "egress"]),
      (await world.a.exec("ip", ["-o", "link", "show"])).match(/^\d+: [^:@]+/gm),
    ].join("\n");
  const limit = (...words: string[]) =>
    networkOf(world.a).exec(process.execPath, [MAIN, "limit", ...words, "--data", data]);
  const upload = () =>
    startTransfer({ place: world.a, program }, { place: world.b }, { address: world.b.ip4 });
  const start = () => startDaemon(data, { at: networkOf(world.a) });

  test("a typed rule holds at once, says what it achieves, and lives through SIGKILL and a restart", async () => {
    await using first = await start();
    await using transfer = await upload();
    const startedMs = performance.now();
    await sleep(500);
    await limit("add", "--app", program, "--up", "10mbit");
    const heldS = (performance.now() - startedMs) / 1000 + 1;
    await sleep(5_000);
    const list = JSON.parse(await limit("list", "--json")) as LimitList;
    const achieved = list.limits[0]?.achieved?.txBytesPerSecond ?? 0;
    assert.ok(Math.abs(achieved / CAP - 1) < 0.15, `list says ${achieved}`);
    assert.equal(list.limits[0]?.state, "active");
    await kill(first);
    await sleep(3_500);
    const bins = await transfer.stop();
    const held = payloadRate(bins, heldS, heldS + 3);
    assert.ok(held < 1.2 * CAP, `held to ${held}`);
    assert.ok(lastRate(bins, 0.8) > 5 * CAP, "free after the kill");

    await using second = await start();
    await using again = await upload();
    await sleep(4_500);
    assert.ok(lastRate(await again.stop(), 3) < 1.2 * CAP, "holds again after a restart");
    second.tell("SIGTERM");
    assert.equal((await second.ended).code, 0);
    assert.equal(await state(), untouched, "nothing stays after a clean end");
  });

  test("limit clear works without a daemon, after one that was killed", async () => {
    await using daemon = await start();
    assert.ok(
      await until(async () => (await state()) !== untouched, 5_000),
      "the saved rule holds",
    );
    await kill(daemon);
    assert.match(await limit("clear"), /killed had left/);
    assert.equal(await state(), untouched);
    await using next = await start();
    const { limits } = JSON.parse(await limit("list", "--json")) as LimitList;
    assert.deepEqual(limits, []);
    next.tell("SIGTERM");
    await next.ended;
  });

  async function kill(daemon: RealDaemon): Promise<void> {
    daemon.tell("SIGKILL");
    await daemon.ended;
  }
});
