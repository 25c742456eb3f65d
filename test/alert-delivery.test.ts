// Delivery as a whole: real mails, real files, a clock that the test turns.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { messageId } from "../src/alerts/deliver/mail-message.ts";
import { retryDelayMs } from "../src/alerts/deliver/retry.ts";
import { alertMessage } from "../src/alerts/deliver/scripted-message.ts";
import type { Clock } from "../src/alerts/deliver/sender.ts";
import type { AlertChannelDraft } from "../src/model/alert-channel.ts";
import { noSystem, openDelivery, plainMail, until } from "./fixtures/delivery.ts";
import { mailTarget } from "./fixtures/mail-sending.ts";
import { headerOf, startMailServer } from "./fixtures/mail-server.ts";

const base = mkdtempSync(join(tmpdir(), "monitauri-delivery-"));
after(() => rmSync(base, { recursive: true }));

/** Time stands still until the test moves it. */
function turnedClock(): Clock & { move(ms: number): void; set(atMs: number): void } {
  let nowMs = Date.UTC(2026, 10, 25);
  let steadyMs = 0;
  let timers: { atMs: number; run: () => void }[] = [];
  return {
    now: () => nowMs,
    after(delayMs, run) {
      const timer = { atMs: steadyMs + delayMs, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((each) => each !== timer);
      };
    },
    move(ms) {
      nowMs += ms;
      steadyMs += ms;
      const due = timers.filter(({ atMs }) => atMs <= steadyMs);
      timers = timers.filter(({ atMs }) => atMs > steadyMs);
      for (const { run } of due) run();
    },
    set(atMs) {
      nowMs = atMs;
    },
  };
}

function folderOf(name: string): string {
  return mkdtempSync(join(base, name));
}

test("enqueue() delivers in order, each message once, to the channels that are named", async () => {
  await using server = await startMailServer();
  const delivery = await openDelivery(folderOf("order"));
  await delivery.setChannel(plainMail(server.port));
  await delivery.setChannel({ ...plainMail(server.port, "other"), enabled: false });
  const ids = Array.from({ length: 50 }, (_, at) => `m-${at}`);
  await Promise.all(
    ids.map((id) => delivery.enqueue(alertMessage(id, { title: id }), ["mail", "other", "none"])),
  );
  await delivery.enqueue(alertMessage("m-3"), ["mail"]);
  await until(
    () => server.mails.length === 50 && delivery.state().channels[0]?.waiting === 0,
    "all sent",
  );
  assert.deepEqual(
    server.mails.map((mail) => headerOf(mail, "Subject")),
    ids.map((id) => `[box] ${id}`),
  );
  const target = mailTarget(0);
  assert.equal(
    headerOf(server.mails[0] ?? assert.fail(), "Message-ID"),
    messageId("m-0", { target, channel: "mail" }),
  );
  const [first] = delivery.channels();
  assert.match(first?.lastOutcome ?? "", /^accepted by localhost: 250/);
  await delivery.close();
});

test("a thousand alerts in a second: none is missing, and enqueue never waits for the server", async () => {
  await using server = await startMailServer();
  const delivery = await openDelivery(folderOf("thousand"), { maxWaiting: 300 });
  await delivery.setChannel(plainMail(server.port));
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: 1_000 }, (_, at) => delivery.enqueue(alertMessage(`m-${at}`), ["mail"])),
  );
  assert.ok(performance.now() - startedMs < 20_000);
  await until(() => delivery.state().channels[0]?.waiting === 0, "all sent");
  const told = server.mails.reduce(
    (sum, mail) => sum + Number(headerOf(mail, "X-Monitauri-Alerts")),
    0,
  );
  assert.equal(told, 1_000);
  assert.equal(
    new Set(server.mails.map((mail) => headerOf(mail, "Message-ID"))).size,
    server.mails.length,
  );
  await delivery.close();
});

test("a server that is away is tried again on a fixed schedule, also when the clock is set back", async () => {
  const clock = turnedClock();
  let connections = 0;
  await using server = await startMailServer({
    onConnect(_session, done) {
      connections += 1;
      done(connections <= 4 ? Object.assign(new Error("not now"), { responseCode: 421 }) : null);
    },
  });
  const delivery = await openDelivery(folderOf("away"), { clock });
  await delivery.setChannel(plainMail(server.port));
  await delivery.enqueue(alertMessage("one"), ["mail"]);
  for (const attempt of [1, 2, 3, 4]) {
    await until(
      () => connections === attempt && delivery.state().channels[0]?.nextAttemptAtMs !== undefined,
      `try ${attempt}`,
    );
    if (attempt === 2) clock.set(0);
    clock.move(retryDelayMs(attempt) - 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(connections, attempt, "not earlier");
    clock.move(1);
  }
  await until(() => server.mails.length === 1, "sent");
  assert.deepEqual(
    [1, 2, 3, 4, 5, 8, 9, 100].map((attempt) => retryDelayMs(attempt) / 1000),
    [5, 10, 20, 40, 80, 640, 900, 900],
  );
  await delivery.close();
});

test("a refused message is reported, and the next one is sent", async () => {
  await using server = await startMailServer({
    onRcptTo(_address, session, done) {
      const isFirst =
        server.mails.length === 0 && session.envelope.rcptTo.length === 0 && refusals < 1;
      if (isFirst) refusals += 1;
      done(isFirst ? Object.assign(new Error("no such user"), { responseCode: 550 }) : null);
    },
  });
  let refusals = 0;
  const outcomes: string[] = [];
  const delivery = await openDelivery(folderOf("refused"), {
    onOutcome: (channel, message, { kind }) => outcomes.push(`${channel} ${message.id} ${kind}`),
  });
  await delivery.setChannel(plainMail(server.port));
  await delivery.enqueue(alertMessage("bad"), ["mail"]);
  await delivery.enqueue(alertMessage("good"), ["mail"]);
  await until(() => outcomes.length === 2, "both ended");
  assert.deepEqual(outcomes, ["mail bad failed", "mail good delivered"]);
  assert.match(delivery.lines.join(), /no such user; is not tried again/);
  const [state] = delivery.state().channels;
  assert.equal(state?.counts.failed, 1);
  assert.match(state?.lastFailure?.said ?? "", /no such user/, "remembered");
  assert.equal(state?.last?.kind, "delivered", "and over");
  await delivery.close();
});

test("a corrected channel sends at once what waits", async () => {
  await using server = await startMailServer();
  const folder = folderOf("corrected");
  const delivery = await openDelivery(folder, { clock: turnedClock() });
  await delivery.setChannel(plainMail(1));
  await delivery.enqueue(alertMessage("one"), ["mail"]);
  await until(() => delivery.state().channels[0]?.last?.kind === "later", "refused");
  assert.match(delivery.channels()[0]?.lastOutcome ?? "", /refuses connections to port 1/);
  await delivery.setChannel(plainMail(server.port));
  await until(() => server.mails.length === 1, "sent");
  await delivery.removeChannel("mail");
  await assert.rejects(delivery.test("mail"), { code: "not-found" });
  await delivery.close();
});

test("what waits is there after a restart, of a removed channel nothing", async () => {
  await using server = await startMailServer();
  const folder = folderOf("restart");
  const first = await openDelivery(folder);
  await first.setChannel(plainMail(1));
  await first.enqueue(alertMessage("one"), ["mail"]);
  await first.close();
  const second = await openDelivery(folder);
  assert.equal(second.channels()[0]?.waiting, 1);
  await second.setChannel(plainMail(server.port));
  await until(() => server.mails.length === 1, "sent");
  await second.removeChannel("mail");
  await second.close();
  const third = await openDelivery(folder);
  assert.deepEqual(third.state().channels, []);
  await third.close();
});

test("secrets go in and never come out, and stay only for where they went", async () => {
  const folder = folderOf("secrets");
  const delivery = await openDelivery(folder);
  const target = mailTarget(2525, { host: "mail.example.org" });
  await assert.rejects(delivery.setChannel({ name: "mail", target }), {
    message: /without: password/,
  });
  const secrets = { password: "hunter2-hunter2" };
  const made = await delivery.setChannel({ name: "mail", target, secrets });
  assert.deepEqual(made.secrets, ["password"]);
  const path = join(folder, "channels.json");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.match(readFileSync(path, "utf8"), /hunter2/);
  assert.doesNotMatch(JSON.stringify([delivery.channels(), delivery.state()]), /hunter2/);
  await delivery.setChannel({ name: "mail", target: { ...target, to: ["b@example.org"] } });
  for (const elsewhere of [
    { host: "evil.example" },
    { port: 26 },
    { security: "tls" },
    { caFile: "/tmp/ca" },
  ] as const) {
    await assert.rejects(
      delivery.setChannel({ name: "mail", target: { ...target, ...elsewhere } }),
      {
        code: "invalid",
        message: /keep its password: give it again/,
      },
    );
  }
  await assert.rejects(
    delivery.setChannel({
      name: "mail",
      target: { kind: "webhook", format: "json", recipient: "", allowInternal: false },
    }),
    { code: "invalid" },
  );
  await delivery.setChannel({
    name: "mail",
    target: { ...target, host: "other.example" },
    secrets,
  });
  await delivery.setChannel({
    name: "mail",
    target: { ...target, host: "other.example", login: "none" },
    secrets: { password: "" },
  });
  assert.doesNotMatch(readFileSync(path, "utf8"), /hunter2/);
  await delivery.close();
});

test("channels with line ends, wrong kinds of secrets or plain passwords are refused, without saying the secret", async () => {
  const delivery = await openDelivery(folderOf("hostile"));
  const target = mailTarget(25);
  const secrets = { password: "hunter2-hunter2" };
  const bad: unknown[] = [
    { name: "x\r\ny", target, secrets },
    { name: "mail", target: { ...target, to: ["a@b.c\r\nBcc: evil@x.y"] }, secrets },
    { name: "mail", target: { ...target, from: "a@b.c>\r\nX: y" }, secrets },
    { name: "mail", target: { ...target, to: [] }, secrets },
    { name: "mail", target: { ...target, user: "a\nb" }, secrets },
    { name: "mail", target, secrets: { password: "hunter2\r\nX" } },
    { name: "mail", target, secrets: { ...secrets, url: "hunter2" } },
    { name: "mail", target: { ...target, security: "none", host: "mail.example.org" }, secrets },
    { name: "mail", target: { ...target, tokenUrl: "http://evil.example/" }, secrets },
    {
      name: "hook",
      target: { kind: "webhook", format: "json", recipient: "", allowInternal: true },
      secrets: { url: "file:///etc/hunter2" },
    },
    { name: "run", target: { kind: "command", command: ["relative"], user: "" } },
  ];
  for (const draft of bad) {
    await assert.rejects(
      delivery.setChannel(draft as AlertChannelDraft),
      (error: Error & { code: string }) => {
        assert.equal(error.code, "invalid", error.message);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      },
    );
  }
  assert.deepEqual(delivery.channels(), []);
  await delivery.close();
});

test("a file of channels that is not as it was written is set aside, and its text is not shown", async () => {
  const folder = folderOf("broken");
  const path = join(folder, "channels.json");
  writeFileSync(path, '{"version":1,"channels":[{"password":"hunter2-hunter2"', { mode: 0o644 });
  const delivery = await openDelivery(folder);
  assert.ok(existsSync(`${path}.broken`));
  assert.match(delivery.lines.join(), /set the channels of alerts again/);
  assert.doesNotMatch(delivery.lines.join(), /hunter2/);
  await delivery.close();
});

test("test() sends a real message past the queue and shows the conversation", async () => {
  await using server = await startMailServer();
  const delivery = await openDelivery(folderOf("test"));
  await delivery.setChannel(plainMail(server.port));
  const done = await delivery.test("mail");
  assert.deepEqual([done.ok, done.remedy], [true, null]);
  assert.match(done.outcome, /^Accepted by localhost: 250/);
  assert.ok(done.transcript.some((line) => /^> MAIL FROM:<me@example.org>/.test(line)));
  assert.match(headerOf(server.mails[0] ?? assert.fail(), "Subject") ?? "", /This is a test/);
  await delivery.setChannel(plainMail(1));
  const failed = await delivery.test("mail");
  assert.equal(failed.ok, false);
  assert.match(failed.remedy ?? "", /check the port|Check the port/);
  await delivery.close();
});

test("a mistake inside a sender is an outcome, and the alert stays", async () => {
  const broken = { ...noSystem, desktops: () => assert.fail("no such folder") };
  const delivery = await openDelivery(folderOf("mistake"), {
    system: broken,
    clock: turnedClock(),
  });
  await delivery.setChannel({ name: "desk", target: { kind: "desktop", user: "" } });
  await delivery.enqueue(alertMessage("one"), ["desk"]);
  await until(() => delivery.state().channels[0]?.last?.kind === "later", "tried");
  assert.match(delivery.lines.join(), /could not be sent: no such folder/);
  assert.equal(delivery.state().channels[0]?.waiting, 1);
  await delivery.close();
});
