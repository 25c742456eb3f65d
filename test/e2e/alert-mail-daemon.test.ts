// The whole way: a program downloads too much, the real daemon sees it, and a real Postfix has the mail. Once.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connectDaemon } from "../../src/cli/connect.ts";
import { type Certificates, makeCertificates } from "../fixtures/certificates.ts";
import { mailTarget } from "../fixtures/mail-sending.ts";
import { lacksPostfix, startPostfix } from "./postfix.ts";
import { buildOnce, startDaemon, until } from "./real-daemon.ts";
import { host, makeWorld, skipWithoutWorld, type World } from "./world.ts";

const skip = (await skipWithoutWorld()) || (lacksPostfix() ?? false);
/** Long enough for a second mail to come, where one would. */
const AFTER_RESTART_MS = 5_000;
/** Sends without an end: 10 MB/s at most. */
const SOURCE = `
import socket, sys, time
s = socket.create_server((sys.argv[1], 7712))
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
c = socket.create_connection((sys.argv[1], 7712))
while c.recv(65536): pass
`;
/** Read by a mail program that is not ours: Python's. */
const READ_MAIL = `
import email, email.policy, json, sys
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
print(json.dumps({"subject": m["subject"], "from": m["from"], "to": m["to"], "id": m["message-id"], "defects": len(m.defects),
  "kinds": [p.get_content_type() for p in m.walk()],
  "text": m.get_body(("plain",)).get_content(), "html": m.get_body(("html",)).get_content()}))
`;

let folder: string;
let certificates: Certificates | undefined;
let world: World;

before(async () => {
  if (skip !== false) return;
  await buildOnce();
  folder = mkdtempSync(join(tmpdir(), "monitauri-alert-mail-"));
  certificates = makeCertificates();
  world = await makeWorld({ host: true });
});
after(async () => {
  await world?.close();
  certificates?.[Symbol.dispose]();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

test("a download above the threshold is one mail at Postfix with text, HTML, chart and who it was, also over SIGKILL", {
  skip,
  timeout: 170_000,
}, async () => {
  assert.ok(certificates);
  await using postfix = await startPostfix(certificates.good);
  const { user, password } = postfix;
  // The one who is to be named: a script in the namespace at the other end of the wire.
  const greedy = join(folder, "greedy-download.py");
  writeFileSync(greedy, SINK);
  const data = join(folder, "data");
  const monitauri = connectDaemon([join(data, "daemon.sock")]);
  const source = host.spawn("python3", ["-c", SOURCE, world.a.ip4], { stdio: "pipe" });
  await once(source.stdout ?? assert.fail(), "data");
  {
    await using first = await startDaemon(data);
    await monitauri.setAlertChannel({
      name: "mail",
      target: mailTarget(postfix.port, {
        user,
        from: user,
        to: ["one@example.org"],
        caFile: certificates.caFile,
      }),
      secrets: { password },
    });
    await monitauri.addAlertRule({
      condition: {
        kind: "rate",
        comparison: "above",
        direction: "tx",
        bytesPerSecond: 125_000,
        forMs: 1_000,
      },
      // Nobody else's traffic is on it.
      scope: { kind: "interface", match: world.a.device },
      severity: "critical",
      channels: ["mail"],
    });
    const sink = world.b.spawn("python3", [greedy, world.a.ip4], { stdio: "ignore" });
    try {
      await postfix.mails(1);
      // Killed before it knows that this one arrived, it would send it again, with the same Message-ID.
      const isDone = async () => (await monitauri.alertChannels())[0]?.waiting === 0;
      assert.ok(await until(isDone), "the daemon knows that it arrived");
      first.tell("SIGKILL");
      await first.ended;
      await using _second = await startDaemon(data);
      await sleep(AFTER_RESTART_MS);
      const { events, ongoing } = await monitauri.alertLog();
      assert.deepEqual([events.length, ongoing], [1, 1], "it goes on, and is the same one");
    } finally {
      sink.kill();
      source.kill();
    }
  }
  const mails = await postfix.mails(1);
  assert.equal(mails.length, 1, mails.join("\n"));
  const mail = JSON.parse(
    execFileSync("python3", ["-c", READ_MAIL], { input: mails[0] ?? "", encoding: "utf8" }),
  );
  assert.deepEqual(mail.kinds, ["multipart/alternative", "text/plain", "text/html"]);
  assert.deepEqual([mail.defects, mail.to], [0, "one@example.org"]);
  assert.ok(mail.subject.includes(`${world.a.device} sends `), mail.subject);
  assert.match(mail.text, /more than 1\.0+ Mbit\/s\. It has been more than/);
  assert.match(mail.text, /[▁-█]{2,} {2}the last \d+ s, at most \d/, "a chart of blocks");
  assert.match(mail.text, /Busiest then:\n(.*\n)*? {2}greedy-download\.py \(python3\): \d/);
  assert.match(mail.html, /<b>CRITICAL<\/b>/);
  assert.match(mail.html, /<td width="5" height="\d+" bgcolor="#[\da-f]{6}"/, "a chart of cells");
  assert.match(mail.html, /Busiest then.*greedy-download\.py/s);
  assert.doesNotMatch(mails[0] ?? "", new RegExp(password));
});
