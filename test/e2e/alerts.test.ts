// A real download crosses a threshold, and what fired reaches a real receiver: once, whatever becomes of the daemon.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connectDaemon } from "../../src/cli/connect.ts";
import type { AlertMessage } from "../../src/model/alert.ts";
import { buildOnce, type RealDaemon, startDaemon } from "./real-daemon.ts";
import { host, makeWorld, skipWithoutWorld, type World } from "./world.ts";

const skip = await skipWithoutWorld();
/** Sends without an end: about 20 MB/s at most. */
const SOURCE = `
import socket, sys, time
s = socket.create_server((sys.argv[1], 7711), family=socket.AF_INET)
print("ready", flush=True)
while True:
    c, _ = s.accept()
    try:
        while True:
            c.sendall(b"x" * 100_000); time.sleep(0.01)
    except OSError: pass
`;
const SINK = `
import socket, sys
c = socket.create_connection((sys.argv[1], 7711))
while c.recv(65536): pass
`;
const SECRET = "a-path-that-nobody-else-knows";

describe("alerts of a daemon", { skip }, () => {
  let world: World;
  let receiver: Server;
  let url: string;
  const received: { path: string | undefined; body: string }[] = [];
  const data = mkdtempSync(join(tmpdir(), "monitauri-alerts-"));
  const monitauri = connectDaemon([join(data, "daemon.sock")]);

  before(async () => {
    await buildOnce();
    world = await makeWorld({ host: true });
    receiver = createServer(async (request, response) => {
      let body = "";
      for await (const piece of request) body += piece;
      received.push({ path: request.url, body });
      response.end("{}");
    }).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/${SECRET}`;
  });
  after(async () => {
    receiver?.close();
    await world?.close();
    rmSync(data, { recursive: true });
  });

  test("a download above the threshold reaches the receiver once, also over SIGKILL, and is in the log", async () => {
    const source = world.b.spawn("python3", ["-c", SOURCE, world.b.ip4], { stdio: "pipe" });
    const first = await startDaemon(data);
    await using second = await follow(first);
    async function follow(daemon: RealDaemon) {
      await monitauri.setAlertChannel({
        name: "hook",
        target: { kind: "webhook", format: "json", recipient: "", allowInternal: true },
        secrets: { url },
      });
      const rule = await monitauri.addAlertRule({
        condition: {
          kind: "rate",
          comparison: "above",
          direction: "rx",
          bytesPerSecond: 125_000,
          forMs: 1_000,
        },
        // Nobody else's traffic is on it.
        scope: { kind: "interface", match: world.a.device },
        channels: ["hook"],
      });
      assert.equal(rule.channels[0], "hook");
      await once(source.stdout ?? assert.fail(), "data");
      const sink = host.spawn("python3", ["-c", SINK, world.b.ip4], { stdio: "ignore" });
      try {
        await until(() => received.length > 0, "a message");
        // Killed before it knows that this one arrived, it would send it again, with the same id.
        const isDone = async () => (await monitauri.alertChannels())[0]?.waiting === 0;
        await until(isDone, "the end of its delivery");
        // What went on goes on after a restart, and is not told again.
        daemon.tell("SIGKILL");
        await daemon.ended;
        const again = await startDaemon(data);
        await sleep(4_000);
        return again;
      } finally {
        sink.kill();
        source.kill();
      }
    }
    assert.equal(received.length, 1, received.map(({ body }) => body).join("\n"));
    assert.equal(received[0]?.path, `/${SECRET}`);
    const message = JSON.parse(received[0]?.body ?? "") as AlertMessage;
    const { events, unread } = await monitauri.alertLog();
    const [event] = events;
    assert.deepEqual([events.length, unread], [1, 1]);
    assert.match(event?.title ?? "", /^\S+ receives \d+(\.\d+)? [kM]bit\/s$/);
    assert.equal(event?.subject.key, world.a.device);
    assert.ok((event?.measure.bytesPerSecond ?? 0) > 125_000);
    assert.ok(event?.causes.some(({ name }) => name.startsWith("python")));
    assert.ok(received[0]?.body.includes(event?.id ?? "?"), JSON.stringify(message));
    await until(async () => (await monitauri.alertLog()).ongoing === 0, "the end");
    assert.equal(await monitauri.acknowledgeAlerts({ ids: [event?.id ?? ""] }), 1);
    assert.equal((await monitauri.alertLog({ limit: 0 })).unread, 0);
    assert.ok(!JSON.stringify(await monitauri.alertChannels()).includes(SECRET));
    for (const file of ["alerts.journal", "history.db"]) {
      assert.ok(!readFileSync(join(data, file), "latin1").includes(SECRET), file);
    }
    assert.ok(!second.stderr().includes(SECRET));
  });
});

async function until(found: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let n = 0; n < 200; n += 1) {
    if (await found()) return;
    await sleep(100);
  }
  assert.fail(`There was no sign of ${what}`);
}
