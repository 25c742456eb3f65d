// Alerts to a real Postfix with TLS and logins.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { messageId } from "../../src/alerts/deliver/mail-message.ts";
import { alertMessage } from "../../src/alerts/deliver/scripted-message.ts";
import { makeCertificates } from "../fixtures/certificates.ts";
import { mailSender, mailTarget, sending, troubleOf } from "../fixtures/mail-sending.ts";
import { lacksPostfix, startPostfix } from "./postfix.ts";

const skip = lacksPostfix() ?? false;
const certificates = skip === false ? makeCertificates() : undefined;
after(() => certificates?.[Symbol.dispose]());
const timing = { connectMs: 5_000, silenceMs: 10_000 };

test("Postfix takes alerts over STARTTLS and TLS, with PLAIN and LOGIN, and they are in the mailbox", {
  skip,
}, async () => {
  assert.ok(certificates);
  await using postfix = await startPostfix(certificates.good);
  const { user, password } = postfix;
  const sent: string[] = [];
  for (const [security, port] of [
    ["starttls", postfix.port],
    ["tls", postfix.tlsPort],
  ] as const) {
    for (const login of ["plain", "login"] as const) {
      const to = ["one@example.org", "two@example.org"];
      const target = mailTarget(port, {
        security,
        login,
        user,
        from: user,
        to,
        caFile: certificates.caFile,
      });
      const sender = mailSender(target, { password }, { timing });
      const id = `${security}-${login}`;
      const outcome = await sender.send(alertMessage(id, { title: `über ${id}` }), sending());
      assert.match(
        outcome.kind === "delivered" ? outcome.said : troubleOf(outcome),
        /^accepted by localhost: 250 2.0.0 Ok: queued as/,
      );
      sender.rest();
      sent.push(messageId(id, { target, channel: "mail" }));
    }
  }
  const mails = await postfix.mails(8);
  for (const id of sent)
    assert.equal(mails.filter((mail) => mail.includes(id)).length, 2, "for both recipients");
  assert.ok(
    mails.every((mail) => /ESMTPSA?/.test(mail)),
    "received with TLS and login",
  );
});

test("Postfix refuses a wrong password and an unknown sender, and what to do is said", {
  skip,
}, async () => {
  assert.ok(certificates);
  await using postfix = await startPostfix(
    certificates.good,
    "smtpd_sender_restrictions = reject_unlisted_sender\nsmtpd_sender_login_maps = static:somebody@example.org\n",
  );
  const { user, password } = postfix;
  const target = mailTarget(postfix.port, {
    user,
    from: user,
    to: ["one@example.org"],
    caFile: certificates.caFile,
  });
  const wrong = await mailSender(target, { password: "not the password" }, { timing }).send(
    alertMessage("a"),
    sending(),
  );
  assert.equal(wrong.kind, "later");
  assert.match(troubleOf(wrong), /refused user and password .*535 5.7.8.* app password/);
  assert.doesNotMatch(troubleOf(wrong), /not the password/);
  const nameless = await mailSender({ ...target, caFile: null }, { password }, { timing }).send(
    alertMessage("a"),
    sending(),
  );
  assert.match(troubleOf(nameless), /authority that is not known here/);
  const noLogin = await mailSender({ ...target, login: "none" }, {}, { timing }).send(
    alertMessage("a"),
    sending(),
  );
  assert.match(troubleOf(noLogin), /554 5.7.1 .*Relay access denied|554 5.7.1/);
  assert.doesNotMatch(postfix.log(), /warning: .*SASL.*no secret in database|fatal/);
});

test("Postfix that shows another server's certificate gets nothing", { skip }, async () => {
  assert.ok(certificates);
  for (const [pair, words] of [
    [certificates.wrongName, /is not for localhost/],
    [certificates.expired, /has expired/],
    [certificates.selfSigned, /signed by itself/],
  ] as const) {
    await using postfix = await startPostfix(pair);
    const { user, password } = postfix;
    const target = mailTarget(postfix.port, { user, from: user, caFile: certificates.caFile });
    assert.match(
      troubleOf(
        await mailSender(target, { password }, { timing }).send(alertMessage("a"), sending()),
      ),
      words,
    );
    assert.doesNotMatch(postfix.log(), /sasl_username/);
  }
});
