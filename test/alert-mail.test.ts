// Mails through a real SMTP server: logins, certificates, answers.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { SMTPServerOptions } from "smtp-server";
import { alertMessage } from "../src/alerts/deliver/scripted-message.ts";
import type { SendOutcome } from "../src/alerts/deliver/sender.ts";
import type { MailTarget } from "../src/model/alert-channel.ts";
import { makeCertificates } from "./fixtures/certificates.ts";
import {
  mailSender,
  mailTarget,
  sending,
  sendOnce,
  secureServer as serverWith,
  troubleOf,
} from "./fixtures/mail-sending.ts";
import { headerOf } from "./fixtures/mail-server.ts";

const certificates = makeCertificates();
after(() => certificates?.[Symbol.dispose]());
const skip = certificates === undefined ? "openssl is not installed" : false;
const caFile = certificates?.caFile ?? null;
const secureServer = (options: SMTPServerOptions = {}) => serverWith(certificates?.good, options);
const targetOf = (port: number, changes: Partial<MailTarget> = {}) =>
  mailTarget(port, { caFile, ...changes });

for (const login of ["plain", "login"] as const) {
  for (const security of ["starttls", "tls"] as const) {
    test(`send() logs in with ${login} over ${security}`, { skip }, async () => {
      await using server = await secureServer({ secure: security === "tls" });
      const target = targetOf(server.port, {
        security,
        login,
        to: ["a@example.org", "b@example.org"],
      });
      const outcome = await sendOnce(target);
      assert.deepEqual(outcome, {
        kind: "delivered",
        said: "accepted by localhost: 250 Ok: queued",
      });
      const [mail] = server.mails;
      assert.ok(mail);
      assert.deepEqual(mail.to, ["a@example.org", "b@example.org"]);
      assert.equal(mail.secure, true);
      assert.equal(mail.user, `me@example.org ${login.toUpperCase()}`);
    });
  }
}

test("send() uses one connection for many messages, and another when the server has closed it", {
  skip,
}, async () => {
  await using server = await secureServer({ socketTimeout: 300 });
  const sender = mailSender(targetOf(server.port));
  for (const id of ["one", "two", "three"]) await sender.send(alertMessage(id), sending());
  assert.equal(server.connections(), 1);
  await new Promise((resolve) => setTimeout(resolve, 600));
  const outcome = await sender.send(alertMessage("four"), sending());
  assert.equal(outcome.kind, "delivered");
  assert.equal(server.connections(), 2);
  assert.equal(new Set(server.mails.map((mail) => headerOf(mail, "Message-ID"))).size, 4);
  sender.rest();
});

test("a session outlives the message that it was opened for, also when its time is up later", {
  skip,
}, async () => {
  await using server = await secureServer();
  const sender = mailSender(targetOf(server.port), undefined, {
    timing: { connectMs: 5_000, silenceMs: 5_000 },
  });
  const first = new AbortController();
  await sender.send(alertMessage("one"), sending({ signal: first.signal }));
  first.abort();
  assert.equal((await sender.send(alertMessage("two"), sending())).kind, "delivered");
  assert.equal(server.connections(), 1);
  sender.rest();
});

test("send() says begin() after the server's leave and before the message", { skip }, async () => {
  let isBegun = false;
  await using server = await secureServer({
    onRcptTo(_address, _session, done) {
      assert.equal(isBegun, false);
      done();
    },
  });
  const sender = mailSender(targetOf(server.port));
  const begin = async () => {
    assert.equal(server.mails.length, 0);
    isBegun = true;
  };
  assert.equal((await sender.send(alertMessage("one"), sending({ begin }))).kind, "delivered");
  assert.equal(isBegun, true);
  sender.rest();
});

for (const [name, pair, words] of [
  ["selfSigned", certificates?.selfSigned, /signed by itself .*CA file/],
  ["expired", certificates?.expired, /has expired .*clock/],
  ["wrongName", certificates?.wrongName, /is not for localhost .*name/],
] as const) {
  for (const security of ["starttls", "tls"] as const) {
    test(`send() gives nothing to a server whose certificate is ${name}, over ${security}`, {
      skip,
    }, async () => {
      let heard = "";
      await using server = await secureServer({
        ...pair,
        secure: security === "tls",
        onAuth({ password }, _session, done) {
          heard += password;
          done(null, { user: "x" });
        },
      });
      // What Node's own switch would allow.
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
      const outcome = await sendOnce(targetOf(server.port, { security }));
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      assert.equal(outcome.kind, "later");
      assert.match(troubleOf(outcome).replace(" | ", " "), words);
      assert.deepEqual([heard, server.mails.length], ["", 0]);
    });
  }
}

test("send() knows no authority but the usual ones and the CA file's", { skip }, async () => {
  await using server = await secureServer();
  const outcome = await sendOnce(targetOf(server.port, { caFile: null }));
  assert.match(troubleOf(outcome), /authority that is not known here/);
  for (const [file, words] of [
    ["/nonexistent/ca.pem", /there is none/],
    ["/dev/zero", /no such file/],
    ["/etc/passwd", /has no certificate/],
  ] as const) {
    const refused = troubleOf(await sendOnce(targetOf(server.port, { caFile: file })));
    assert.match(refused, words);
    assert.doesNotMatch(refused, /root:/);
  }
  assert.equal(server.mails.length, 0);
});

test("send() gives no password to a server without STARTTLS", { skip }, async () => {
  await using server = await secureServer({
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
  });
  const outcome = await sendOnce(targetOf(server.port));
  assert.match(troubleOf(outcome), /no encryption .*port 465/);
  assert.equal(server.mails.length, 0);
});

test("send() explains a wrong password, with what a provider wants, and never says it", {
  skip,
}, async () => {
  await using server = await secureServer({
    onAuth({ password }, _session, done) {
      done(
        new Error(
          `no such password: ${password} ${Buffer.from(`\0me@example.org\0${password}`).toString("base64")}`,
        ),
      );
    },
  });
  const transcript: string[] = [];
  const sender = mailSender(targetOf(server.port), { password: "hunter2-hunter2" });
  const outcome = await sender.send(
    alertMessage("one"),
    sending({ transcript: (line) => transcript.push(line) }),
  );
  assert.equal(outcome.kind, "later", "the channel can be corrected, so the alert waits");
  const all = `${troubleOf(outcome)}\n${transcript.join("\n")}`;
  assert.match(all, /refused user and password of me@example.org: 535/);
  assert.match(all, /app password/);
  assert.ok(
    transcript.some((line) => line.startsWith("< 220 ")),
    "the conversation is shown",
  );
  assert.doesNotMatch(all, /hunter2/);
  assert.ok(!all.includes(Buffer.from("hunter2-hunter2").toString("base64").slice(0, 16)));
  assert.ok(!all.includes(Buffer.from("\0me@example.org\0hunter2-hunter2").toString("base64")));
});

test("send() tries greylisted and busy servers again, and refused messages never", {
  skip,
}, async () => {
  const cases: [number, string, SendOutcome["kind"], RegExp][] = [
    [450, "4.7.1 Greylisted, try again later", "later", /greylisting/],
    [452, "4.3.1 Insufficient system storage", "later", /does not take it now/],
    [
      550,
      "5.1.1 User unknown",
      "failed",
      /refused the message: 550 5.1.1 User unknown \| check the recipients/,
    ],
  ];
  for (const [responseCode, text, kind, words] of cases) {
    await using server = await secureServer({
      onRcptTo(_address, _session, done) {
        done(Object.assign(new Error(text), { responseCode }));
      },
    });
    const outcome = await sendOnce(targetOf(server.port));
    assert.equal(outcome.kind, kind, text);
    assert.match(troubleOf(outcome), words);
  }
  await using server = await secureServer({
    onData(stream, _session, done) {
      stream.resume();
      stream.on("end", () =>
        done(Object.assign(new Error("5.7.1 Looks like spam"), { responseCode: 554 })),
      );
    },
  });
  assert.equal((await sendOnce(targetOf(server.port))).kind, "failed");
});

test("send() keeps those recipients who have to wait, and says who is refused", {
  skip,
}, async () => {
  await using server = await secureServer({
    onRcptTo({ address }, _session, done) {
      const code = { grey: 451, none: 550 }[address.slice(0, 4)];
      done(code === undefined ? null : Object.assign(new Error("no"), { responseCode: code }));
    },
  });
  const sender = mailSender(targetOf(server.port, { to: ["a@x.org", "grey@x.org", "none@x.org"] }));
  const outcome = await sender.send(alertMessage("one"), sending());
  assert.ok(outcome.kind === "later");
  assert.deepEqual(outcome.recipients, ["grey@x.org"]);
  assert.equal(outcome.unknown, false);
  assert.deepEqual(server.mails[0]?.to, ["a@x.org"]);
  const again = await sender.send(alertMessage("one"), sending({ recipients: ["none@x.org"] }));
  assert.equal(again.kind, "failed");
  const rest = await sender.send(
    alertMessage("one"),
    sending({ recipients: ["a@x.org", "none@x.org"] }),
  );
  assert.ok(rest.kind === "delivered");
  assert.match(rest.trouble?.said ?? "", /none@x.org: 550/);
  sender.rest();
});
