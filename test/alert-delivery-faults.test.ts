// Delivery when its files, its disk or the end of the daemon get in its way.
import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { DeliverySystem } from "../src/alerts/deliver/delivery-system.ts";
import { alertMessage } from "../src/alerts/deliver/scripted-message.ts";
import { startDelivery } from "../src/daemon/alert-delivery.ts";
import type { AlertChannelDraft } from "../src/model/alert-channel.ts";
import { noSystem, openDelivery, plainMail, until } from "./fixtures/delivery.ts";
import { startMailServer } from "./fixtures/mail-server.ts";

const base = mkdtempSync(join(tmpdir(), "monitauri-delivery-"));
after(() => rmSync(base, { recursive: true }));

function folderOf(name: string): string {
  return mkdtempSync(join(base, name));
}

const runs = (name: string): AlertChannelDraft => ({
  name,
  target: { kind: "command", command: ["/usr/bin/program"], user: "" },
});

test("close() ends a command that is under way, and notes one that has taken the alert all the same", {
  timeout: 30_000,
}, async () => {
  const folder = folderOf("stop");
  const started: string[] = [];
  const system: DeliverySystem = {
    ...noSystem,
    run: (_argv, { signal, input }) => {
      const { id } = JSON.parse(input) as { id: string };
      started.push(id);
      return new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => {
          if (id === "taken") resolve({ exitCode: 0, stdout: "", stderr: "" });
          else reject(new Error("ended by SIGKILL"));
        });
      });
    },
  };
  const delivery = await openDelivery(folder, { system });
  for (const id of ["taken", "cut"]) {
    await delivery.setChannel(runs(id));
    await delivery.enqueue(alertMessage(id), [id]);
  }
  await until(() => started.length === 2, "both run");
  const startedMs = performance.now();
  await delivery.close();
  assert.ok(performance.now() - startedMs < 2_500, "within the daemon's time to stop");
  const again = await openDelivery(folder, {
    system: { ...system, run: () => Promise.reject(new Error("away")) },
  });
  const { channels } = again.state();
  await again.close();
  assert.deepEqual(
    channels.map(({ name, waiting, counts }) => [name, waiting, counts.delivered]),
    [
      ["taken", 0, 1],
      ["cut", 1, 0],
    ],
  );
});

test("channels that cannot be read cost no alert: what waits is there when they are set again", async () => {
  await using server = await startMailServer();
  const folder = folderOf("unreadable");
  const first = await openDelivery(folder);
  await first.setChannel(plainMail(1));
  await first.enqueue(alertMessage("one"), ["mail"]);
  await first.close();
  writeFileSync(join(folder, "channels.json"), "nonsense");
  // The second start finds no file any more.
  for (let start = 0; start < 2; start += 1) await (await openDelivery(folder)).close();
  const again = await openDelivery(folder);
  await again.setChannel(plainMail(server.port));
  await until(() => server.mails.length === 1, "sent");
  await again.close();
});

test("a disk that refuses at the start is no damage of the queue", async () => {
  const folder = folderOf("refusing");
  const places = {
    alertQueue: join(folder, "queue"),
    alertChannels: join(folder, "channels.json"),
  };
  const first = await openDelivery(folder);
  for (const name of ["mail", "gone"]) {
    await first.setChannel(plainMail(1, name));
    await first.enqueue(alertMessage(name), [name]);
  }
  await first.close();
  const kept = JSON.parse(readFileSync(places.alertChannels, "utf8"));
  kept.channels.pop();
  writeFileSync(places.alertChannels, JSON.stringify(kept), { mode: 0o600 });
  // Half a record: the file is to be written anew, which fails where a folder is in the way.
  appendFileSync(places.alertQueue, "0000");
  mkdirSync(`${places.alertQueue}.new`);
  const lines: string[] = [];
  const note = (line: string) => lines.push(line);
  const second = await startDelivery({
    places,
    log: { warn: note, error: note, info() {} },
    uid: 1_000,
    env: {},
    commandUsers: () => [],
  });
  assert.match(lines.join(), /Cannot write/);
  assert.equal(existsSync(`${places.alertQueue}.broken`), false);
  assert.equal(second.channels()[0]?.waiting, 1);
  await second.close();
  rmSync(places.alertQueue);
  mkdirSync(places.alertQueue);
  const third = await startDelivery({
    places,
    log: { warn: note, error: note, info() {} },
    uid: 1_000,
    env: {},
    commandUsers: () => [],
  });
  assert.ok(existsSync(`${places.alertQueue}.broken`), "what is no file is set aside");
  await third.close();
});
