// A real journal in a real folder: what a restart finds, what a cut line costs, what a flood becomes.
import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openQueue as openUnowned, type Queue, type QueueOptions } from "./queue.ts";
import { alertMessage } from "./scripted-message.ts";

const base = mkdtempSync(join(tmpdir(), "monitauri-queue-"));
// What a killed process leaves is only left open until the end of the tests.
const opened: Queue[] = [];
after(async () => {
  for (const queue of opened) await queue.close();
  rmSync(base, { recursive: true });
});

async function openQueue(path: string, options?: QueueOptions): Promise<Queue> {
  const queue = await openUnowned(path, options);
  opened.push(queue);
  return queue;
}

const waiting = (queue: Queue, channel = "mail") =>
  queue.lane(channel).items.map(({ message }) => message.id);

test("take() keeps messages and their order over a restart, once for each channel", async () => {
  const path = join(base, "order");
  const first = await openQueue(path);
  await first.take(alertMessage("a"), ["mail", "hook"]);
  await first.take(alertMessage("b"), ["mail"]);
  await first.take(alertMessage("a"), ["mail", "hook"]);
  first.end({ kind: "delivered", channel: "hook", first: 1 });
  await first.take(alertMessage("c"), ["mail"]);
  // As after SIGKILL: nothing is closed.
  const again = await openQueue(path);
  assert.deepEqual(waiting(again), ["a", "b", "c"]);
  assert.deepEqual(waiting(again, "hook"), []);
  assert.deepEqual(again.lane("hook").counts, {
    taken: 1,
    delivered: 1,
    merged: 0,
    failed: 0,
    repeated: 0,
  });
  await again.take(alertMessage("a"), ["mail"]);
  assert.deepEqual(waiting(again), ["a", "b", "c"], "taken before the restart");
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("openQueue() loses at most the line that was not finished, wherever it was cut", async () => {
  const path = join(base, "cut");
  const queue = await openQueue(path);
  await queue.take(alertMessage("a"), ["mail"]);
  const whole = statSync(path).size;
  await queue.take(alertMessage("b"), ["mail"]);
  const full = readFileSync(path);
  for (let size = whole; size <= full.length; size += size < whole + 30 ? 1 : 97) {
    writeFileSync(path, full.subarray(0, size));
    const found = await openQueue(path);
    assert.deepEqual(waiting(found), size === full.length ? ["a", "b"] : ["a"], `${size} bytes`);
    // What is written behind the cut is read again.
    await found.take(alertMessage("c"), ["mail"]);
    await found.close();
    assert.deepEqual(waiting(await openQueue(path)).at(-1), "c");
  }
});

test("openQueue() leaves out damaged lines and says how many", async () => {
  const path = join(base, "damaged");
  const queue = await openQueue(path);
  for (const id of ["a", "b", "c"]) await queue.take(alertMessage(id), ["mail"]);
  await queue.close();
  const lines = readFileSync(path, "utf8").split("\n");
  const at = lines.findIndex((line) => line.includes('"id":"b"'));
  lines[at] = lines[at]?.replace("curl", "cürl") ?? "";
  writeFileSync(path, lines.join("\n"));
  const found = await openQueue(path);
  assert.deepEqual(waiting(found), ["a", "c"]);
  assert.equal(found.brokenLines, 1);
  truncateSync(path, 3);
  assert.deepEqual(waiting(await openQueue(path)), []);
});

test("begin() without an end is counted when it begins again", async () => {
  const path = join(base, "begun");
  const queue = await openQueue(path);
  await queue.take(alertMessage("a"), ["mail"]);
  await queue.begin("mail", 1);
  const again = await openQueue(path);
  assert.equal(again.lane("mail").items[0]?.begun, true);
  await again.begin("mail", 1);
  assert.equal(again.lane("mail").counts.repeated, 1);
  again.end({ kind: "later", channel: "mail", first: 1, unknown: false });
  await again.begin("mail", 1);
  assert.equal(
    again.lane("mail").counts.repeated,
    1,
    "the server had refused it: it is not there twice",
  );
});

test("take() makes a digest of the oldest half at the limit, never of what is on its way", async () => {
  const path = join(base, "flood");
  const queue = await openQueue(path, { maxWaiting: 10 });
  await queue.take(alertMessage("0"), ["mail"]);
  assert.equal(queue.hold("mail")?.message.id, "0");
  for (let at = 1; at <= 1_000; at += 1) {
    queue
      .take(
        alertMessage(String(at), {
          title: `alert ${at}`,
          severity: at === 3 ? "critical" : "info",
        }),
        ["mail"],
      )
      .catch(() => {});
  }
  await queue.take(alertMessage("1001"), ["mail"]);
  const { items, counts } = queue.lane("mail");
  assert.ok(items.length <= 11);
  assert.equal(items[0]?.message.id, "0");
  const digest = items[1];
  assert.ok(digest);
  assert.equal(digest.message.count, digest.last - digest.first + 1);
  assert.equal(digest.message.severity, "critical");
  assert.equal(digest.message.digest[0]?.title, "alert 1");
  const told = items.reduce((sum, { message }) => sum + message.count, 0);
  assert.equal(told, 1_002, "nothing is left out of the count");
  assert.equal(counts.taken, counts.delivered + counts.merged + counts.failed + items.length);
  const again = await openQueue(path, { maxWaiting: 10 });
  assert.deepEqual(waiting(again), waiting(queue));
  assert.deepEqual(again.lane("mail").counts, counts);
});

test("the file stays in proportion to what waits", async () => {
  const path = join(base, "size");
  const queue = await openQueue(path);
  for (let at = 1; at <= 2_000; at += 1) {
    queue.take(alertMessage(`m${at}`), ["mail"]).catch(() => {});
    queue.end({ kind: "delivered", channel: "mail", first: at });
    if (at % 50 === 0) await queue.take(alertMessage(`m${at}`), ["mail"]);
  }
  await queue.close();
  assert.ok(statSync(path).size < 400_000, `${statSync(path).size} bytes`);
  assert.equal((await openQueue(path)).lane("mail").counts.delivered, 2_000);
});

test("openQueue() refuses what is no file of its own", async () => {
  await assert.rejects(openQueue(base), {
    code: "failed",
    message: /Cannot read the queue of alerts .*Move it away/,
  });
  const path = join(base, "later");
  const queue = await openQueue(path);
  await queue.take(alertMessage("a"), ["mail"]);
  appendFileSync(path, "nonsense\n");
  assert.deepEqual(waiting(await openQueue(path)), ["a"]);
});

test("take() says that the disk refuses, keeps the message, and writes it when it can", async () => {
  const folder = mkdtempSync(join(base, "gone-"));
  const path = join(folder, "queue");
  const queue = await openQueue(path);
  rmSync(folder, { recursive: true });
  await assert.rejects(queue.take(alertMessage("a"), ["mail"]), {
    code: "failed",
    message: /Cannot write/,
  });
  assert.match(queue.fault() ?? "", /ENOENT/);
  assert.deepEqual(waiting(queue), ["a"]);
});
