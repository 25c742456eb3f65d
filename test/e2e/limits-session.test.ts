// Somebody who limits a machine over SSH does not lock themselves out: a real sshd, a real session, and a rule that cuts it.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LimitList, LimitTarget } from "../../src/model/limit.ts";
import { copyProgram } from "./generators/program.ts";
import { networkOf } from "./limiting.ts";
import { buildOnce, MAIN, type RealDaemon, startDaemon, until } from "./real-daemon.ts";
import { host, makeWorld, skipWithoutWorld, type World } from "./world.ts";

const SSHD = "/usr/sbin/sshd";
const PORT = 2_022;
/** As the model says, and what a busy machine adds. */
const CONFIRM_MS = 15_000;
const LATE_MS = 10_000;
const skip = (await skipWithoutWorld()) || whyNoSshd();

describe("limits over an SSH session", { skip }, () => {
  let world: World;
  let folder: string;
  let data: string;
  let daemon: RealDaemon;
  let stopServer: () => void;
  before(async () => {
    await buildOnce();
    world = await makeWorld();
    await world.a.exec("ip", ["route", "add", "default", "via", world.b.ip4]);
    folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
    data = join(folder, "data");
    stopServer = await startServer();
    daemon = await startDaemon(data, { at: networkOf(world.a) });
  });
  after(async () => {
    daemon?.tell("SIGTERM");
    await daemon?.ended;
    stopServer?.();
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const words of [
    ["--port", String(PORT), "--block"],
    ["--machine", "--block"],
  ]) {
    test(`${words.join(" ")}: cuts the session, and is taken back when nobody confirms it`, async () => {
      assert.equal(await ssh("echo", "here"), "here\n");
      const startedMs = performance.now();
      await ssh(...command("limit", "add", ...words)).catch(() => {});
      const [row] = (await listed()).limits;
      assert.ok(row !== undefined && row.confirmByMs !== null, "it waits for a confirmation");
      assert.equal(await reaches(), false, "nobody gets in meanwhile");
      assert.ok(await until(reaches, CONFIRM_MS + LATE_MS), "the next one gets in");
      const tookMs = performance.now() - startedMs;
      assert.ok(tookMs > CONFIRM_MS - 1_000 && tookMs < CONFIRM_MS + LATE_MS, `${tookMs} ms`);
      const { limits, warnings } = await listed();
      assert.deepEqual(limits, []);
      assert.match(warnings.at(-1) ?? "", /was taken back: it touched the session/);
    });
  }

  test("what is confirmed through the session stays, and a rule for others needs no question", async () => {
    const added = await ssh(...command("limit", "add", "--port", String(PORT), "--down", "5mbit"));
    const [, id = ""] = /^(l\d+): port/.exec(added) ?? [];
    await ssh(...command("limit", "confirm", id));
    const other = await ssh(...command("limit", "add", "--app", "browser", "--block"));
    const { limits } = await listed();
    assert.deepEqual(
      limits.map(({ rule, confirmByMs }) => [rule.id, confirmByMs]),
      [
        [id, null],
        [/^l\d+/.exec(other)?.[0], null],
      ],
    );
    await sleep(CONFIRM_MS + 2_000);
    assert.equal((await listed()).limits.length, 2);
    assert.equal(await reaches(), true);
  });

  test("the page through ssh -L: what cuts that session is taken back, what does not stays", async () => {
    await networkOf(world.a).exec(process.execPath, [MAIN, "limit", "clear", "--data", data]);
    const opened = await networkOf(world.a).exec(process.execPath, [
      ...[MAIN, "open", "--print", "--data", data],
    ]);
    const [, origin = "", port = "", code = ""] =
      /(http:\/\/\S+?:(\d+))\S*#code=(\S+)/.exec(opened) ?? [];
    const tunnel = world.b.spawn("ssh", [
      ...[...options(), "-N", "-L", `127.0.0.1:${port}:127.0.0.1:${port}`],
      `root@${world.a.ip4}`,
    ]);
    try {
      const ask = async (way: string, body: object, token = "") => {
        const said = await world.b.exec("curl", [
          ...["--silent", "--show-error", "--max-time", "5", "--json", JSON.stringify(body)],
          ...["--header", `Authorization: Bearer ${token}`, `${origin}/api/v1/${way}`],
        ]);
        return JSON.parse(said) as Record<string, unknown>;
      };
      const signIn = () => ask("sessions", { code });
      let token = "";
      const isIn = async () => {
        token = String((await signIn().catch(() => undefined))?.token ?? "");
        return token !== "";
      };
      assert.ok(await until(isIn, 10_000), "the page's address works at the other end");
      const other = await ask("limits", wish({ kind: "application", pattern: "elsewhere" }), token);
      assert.equal(other.confirmByMs, null);
      // The answer may not get through any more: that is what the rule is about.
      await ask("limits", wish({ kind: "application", pattern: "sshd*" }), token).catch(() => {});
      const [, asked] = (await listed()).limits;
      assert.ok(asked !== undefined && asked.confirmByMs !== null, "it waits for a confirmation");
      assert.equal(await reaches(), false, "nobody gets in meanwhile");
      const isBack = async () => (await listed()).limits.length === 1;
      assert.ok(await until(isBack, CONFIRM_MS + LATE_MS), "it is taken back");
      assert.equal(await reaches(), true);
    } finally {
      tunnel.kill("SIGKILL");
    }
  });

  /** Of a block. */
  function wish(target: LimitTarget) {
    return { target, block: true };
  }

  async function startServer(): Promise<() => void> {
    const key = join(folder, "key");
    await host.exec("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const config = join(folder, "sshd_config");
    // A copy, so that nothing of this machine's own sshd is meant.
    const server = copyProgram(SSHD, join(folder, "sshd"));
    writeFileSync(
      config,
      [
        `ListenAddress ${world.a.ip4}:${PORT}`,
        `HostKey ${key}`,
        `AuthorizedKeysFile ${key}.pub`,
        "PidFile none",
        "UsePAM no",
        "StrictModes no",
        "PermitRootLogin yes",
        "UseDNS no",
      ].join("\n"),
    );
    mkdirSync("/run/sshd", { recursive: true }); // where sshd locks itself in
    const child = networkOf(world.a).spawn(server, ["-D", "-e", "-f", config], { stdio: "ignore" });
    assert.ok(await until(reaches, 10_000), "sshd answers");
    return () => void child.kill("SIGKILL");
  }

  function ssh(...words: string[]): Promise<string> {
    return world.b.exec("ssh", [...options(), `root@${world.a.ip4}`, ...words]);
  }

  function options(): string[] {
    const settings = [
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "LogLevel=ERROR",
      "ConnectTimeout=2",
      "ServerAliveInterval=1",
      "ServerAliveCountMax=2",
      "BatchMode=yes",
    ].flatMap((option) => ["-o", option]);
    return [...settings, "-F", "none", "-i", join(folder, "key"), "-p", String(PORT)];
  }

  async function reaches(): Promise<boolean> {
    return (await ssh("true").catch(() => undefined)) !== undefined;
  }

  function command(...words: string[]): string[] {
    const quoted = words.map((word) => `'${word}'`);
    return [process.execPath, MAIN, ...quoted, "--data", data];
  }

  async function listed(): Promise<LimitList> {
    const words = [MAIN, "limit", "list", "--json", "--data", data];
    return JSON.parse(await networkOf(world.a).exec(process.execPath, words)) as LimitList;
  }
});

function whyNoSshd(): string | false {
  if (existsSync(SSHD) && existsSync("/usr/bin/ssh")) return false;
  const reason = "not installed: openssh-server, openssh-client";
  if (process.env.MONITAURI_E2E === "required") throw new Error(`This test must run: ${reason}`);
  return reason;
}
