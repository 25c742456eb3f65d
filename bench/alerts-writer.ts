// Takes alerts into a queue and sends them until it is killed: the victim of alerts-kill.ts. Its clock runs faster.
import { writeSync } from "node:fs";
import { join } from "node:path";
import { createDelivery } from "../src/alerts/deliver/delivery.ts";
import { alertMessage } from "../src/alerts/deliver/scripted-message.ts";
import type { Clock } from "../src/alerts/deliver/sender.ts";

const [folder = "", from = "1", to = "0", startAtMs = "0", speed = "1", everyMs = "1000"] =
  process.argv.slice(2);

const bornMs = performance.now();
const clock: Clock = {
  now: () => Number(startAtMs) + (performance.now() - bornMs) * Number(speed),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs / Number(speed));
    return () => clearTimeout(timer);
  },
};
const nothing = { exitCode: 0, stdout: "", stderr: "" };
const delivery = await createDelivery({
  queuePath: join(folder, "queue"),
  channelsPath: join(folder, "channels.json"),
  system: {
    run: async () => nothing,
    checkCommand() {},
    sendDatagram() {},
    exists: () => false,
    desktopUser: (name) => name,
    desktops: () => [],
    notify: async () => nothing,
  },
  log: { warn() {}, info() {} },
  host: "box",
  clock,
});

// Synchronous, so that a line that was seen is true.
for (let at = Number(from); at <= Number(to); ) {
  const due = Number(from) + Math.floor((clock.now() - Number(startAtMs)) / Number(everyMs));
  const until = Math.min(due, Number(to));
  const taken: Promise<void>[] = [];
  const first = at;
  for (; at <= until; at += 1) {
    const message = alertMessage(`m-${at}`, {
      title: `alert ${at}`,
      atMs: Math.round(clock.now()),
    });
    taken.push(delivery.enqueue(message, ["mail"]));
  }
  await Promise.all(taken);
  if (at > first) writeSync(1, `taken ${at - 1} ${Math.round(clock.now())}\n`);
  await new Promise((resolve) => setTimeout(resolve, 2));
}
setInterval(() => {
  const [channel] = delivery.state().channels;
  writeSync(
    1,
    `state ${JSON.stringify(channel?.counts)} ${channel?.waiting} ${Math.round(clock.now())}\n`,
  );
}, 20);
