// Names by reverse look-up: a real daemon asks a real name server, only where that is configured, and shows its own questions.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connectDaemon } from "../../src/cli/connect.ts";
import type { Connection } from "../../src/model/sample.ts";
import { killGroup } from "./generators/place.ts";
import { buildOnce, launch, until } from "./real-daemon.ts";
import { host, makeWorld, skipWithoutWorld, type World } from "./world.ts";

const PORT = 7_500;
const SERVER = `
import socket, time
server = socket.create_server(("0.0.0.0", ${PORT}))
while True:
    one, _ = server.accept()
    one.sendall(b"x" * 1000)
    held = globals().setdefault("held", [])
    held.append(one)
`;
const CLIENT = `
import socket, sys, time
one = socket.create_connection((sys.argv[1], ${PORT}))
while True:
    one.sendall(b"y" * 100)
    time.sleep(0.2)
`;

describe("reverse look-ups", { skip: (await skip()) ?? false }, () => {
  test("name an address where configured, by asking the name server, and are counted as the daemon's own", async () => {
    await using world = await makeWorld();
    const { connection, isAsked, ownBytes } = await observe(world, 'reverseDns = "all"\n');
    assert.deepEqual(connection?.host, {
      name: "printer.home.test",
      source: "reverse",
      alternatives: [],
    });
    assert.ok(isAsked, "the name server was asked");
    assert.ok(ownBytes > 0, "the question is the daemon's");
  });

  test("are not made unless configured", async () => {
    await using world = await makeWorld();
    const { connection, isAsked, ownBytes } = await observe(world, "");
    assert.equal(connection?.remoteAddress, world.b.ip4);
    assert.equal(connection?.host, undefined);
    assert.equal(isAsked, false);
    assert.equal(ownBytes, 0);
  });
});

async function observe(world: World, config: string) {
  const data = mkdtempSync(join(tmpdir(), "reverse-"));
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, "config.toml"), config);
  writeFileSync(join(data, "resolv.conf"), `nameserver ${world.b.ip4}\n`);
  const arpa = `${world.b.ip4.split(".").reverse().join(".")}.in-addr.arpa`;
  const dnsmasq = world.b.spawn(
    "dnsmasq",
    [
      "--keep-in-foreground",
      "--conf-file=/dev/null",
      "--no-resolv",
      "--no-hosts",
      "--local=/#/",
      `--ptr-record=${arpa},printer.home.test`,
      `--listen-address=${world.b.ip4}`,
      "--bind-interfaces",
      "--user=root",
      "--pid-file",
      "--log-queries",
      `--log-facility=${join(data, "queries.log")}`,
    ],
    { stdio: "ignore" },
  );
  const server = world.b.spawn("python3", ["-c", SERVER], { stdio: "ignore" });
  await buildOnce();
  // In the client's namespace, with its name server. `ip netns exec` hides the cgroups there.
  const script = `mount --bind ${join(data, "resolv.conf")} /etc/resolv.conf && exec "$0" "$@"`;
  const at = {
    ...world.a,
    spawn: (program: string, args: readonly string[], options?: object) =>
      world.a.spawn("unshare", ["-m", "sh", "-c", script, program, ...args], options),
  };
  await using daemon = launch(data, { at });
  await daemon.says(/Ctrl-C stops/);
  const client = world.a.spawn("python3", ["-c", CLIENT, world.b.ip4], { stdio: "ignore" });
  const monitauri = connectDaemon([join(data, "daemon.sock")]);
  let connection: Connection | undefined;
  await until(async () => {
    const { connections } = await monitauri.connections({ filter: `rport:${PORT}` });
    connection = connections.find(({ remoteAddress }) => remoteAddress === world.b.ip4);
    return connection?.host !== undefined;
  }, 6_000);
  let ownBytes = 0;
  await until(async () => {
    const rows = await monitauri.ps({ by: "process", filter: `pid:${daemon.pid}` });
    ownBytes = rows.reduce((sum, row) => sum + row.txBytes - row.txLoopbackBytes, 0);
    return ownBytes > 0;
  }, 1_000);
  const isAsked = await readFile(join(data, "queries.log"), "utf8").then(
    (text) => text.includes(`query[PTR] ${arpa}`),
    () => false,
  );
  for (const child of [client, server, dnsmasq]) killGroup(child);
  daemon.tell("SIGTERM");
  await daemon.ended;
  rmSync(data, { recursive: true, force: true });
  return { connection, isAsked, ownBytes };
}

async function skip(): Promise<string | undefined> {
  const reason = await skipWithoutWorld();
  if (reason !== false) return reason;
  const found = await host.exec("sh", ["-c", "command -v dnsmasq || true"]);
  return found.trim() === "" ? "dnsmasq is not installed (apt install dnsmasq-base)" : undefined;
}
