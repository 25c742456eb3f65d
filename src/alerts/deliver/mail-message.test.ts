// What a mail says, from names that a hostile process chose.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MailTarget } from "../../model/alert-channel.ts";
import { MAIL_PROVIDERS } from "../../model/mail-providers.ts";
import { chartHtml, chartText } from "./mail-chart.ts";
import { composeMail, messageId } from "./mail-message.ts";
import { mailText } from "./mail-text.ts";
import { mergeMessages } from "./merge.ts";
import { alertMessage } from "./scripted-message.ts";

const target: MailTarget = {
  kind: "mail",
  host: "localhost",
  port: 25,
  security: "none",
  login: "none",
  user: "",
  from: "me@example.org",
  to: ["you@example.org", "them@example.org"],
  caFile: null,
  tokenUrl: "",
};
const options = { host: "box", channel: "mail", atMs: Date.UTC(2026, 10, 25, 12) };

async function headOf(...given: Parameters<typeof composeMail>): Promise<string> {
  const raw = (await composeMail(...given)).toString("utf8");
  return raw.slice(0, raw.indexOf("\r\n\r\n"));
}

test("composeMail() has text and HTML, and nothing remote", async () => {
  const raw = (await composeMail(alertMessage("one"), target, options)).toString("utf8");
  assert.match(raw, /^From: Monitauri on box <me@example.org>\r\n/m);
  assert.match(raw, /^To: you@example.org, them@example.org\r\n/m);
  assert.match(raw, /^Subject: \[box\] curl receives 54.2 Mbit\/s\r\n/m);
  assert.match(raw, /^Auto-Submitted: auto-generated\r\n/m);
  assert.match(raw, /Content-Type: text\/plain/);
  assert.match(raw, /Content-Type: text\/html/);
  assert.doesNotMatch(raw, /https?:|<img|<script|url\(/i);
  assert.doesNotMatch(raw.replaceAll("\r\n", ""), /[\r\n]/);
});

test("composeMail() gives nobody a header of their own", async () => {
  const evil = "x\r\nBcc: evil@example.org\r\n\r\n<b>body</b>\u2028\u0000";
  const message = alertMessage("one", {
    title: evil,
    ruleName: evil,
    text: evil,
    subject: { kind: "application", key: evil, name: evil },
    causes: [{ key: evil, name: evil, rxBytesPerSecond: 1, txBytesPerSecond: 1 }],
  });
  const head = await headOf(message, target, { ...options, host: evil, channel: evil });
  const names = head
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n")
    .map((line) => line.split(":")[0]);
  assert.equal(names.includes("Bcc"), false, head);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(head.match(/evil@/), null, "encoded as text, also where it stands in a name");
});

test("mailText() escapes HTML in names, titles and texts", () => {
  const evil = `<script>alert(1)</script><img src=x onerror="y">'&`;
  const message = alertMessage("one", {
    title: evil,
    ruleName: evil,
    text: `${evil}\n${evil}`,
    causes: [{ key: evil, name: evil, rxBytesPerSecond: 5e6, txBytesPerSecond: 1 }],
    digest: [{ id: "a", atMs: 0, severity: "info", title: evil }],
  });
  const { html, text, subject } = mailText(message, evil);
  const tags = new Set(
    [...html.matchAll(/<\/?([a-z!]\w*)/gi)].map(([, tag]) => tag?.toLowerCase()),
  );
  for (const tag of tags) {
    assert.ok(
      [
        "!doctype",
        "html",
        "head",
        "meta",
        "body",
        "p",
        "b",
        "h1",
        "table",
        "tr",
        "td",
        "span",
        "br",
      ].includes(tag ?? ""),
      tag,
    );
  }
  assert.match(html, /&#60;script&#62;alert\(1\)/);
  assert.match(text, /<script>/);
  assert.doesNotMatch(subject, /[\r\n]/);
});

test("messageId() is the same for the same alert and channel, and another otherwise", () => {
  const id = messageId("one", { target, channel: "mail" });
  assert.match(id, /^<[\da-f]{32}@example\.org>$/);
  assert.equal(messageId("one", { target, channel: "mail" }), id);
  assert.notEqual(messageId("two", { target, channel: "mail" }), id);
  assert.notEqual(messageId("one", { target, channel: "other" }), id);
  assert.match(
    messageId("one", { target: { ...target, from: "a@bücher.example" }, channel: "m" }),
    /@monitauri\.invalid>$/,
  );
});

test("the end of an alert refers to its beginning", async () => {
  const head = await headOf(alertMessage("end", { inReplyTo: "one" }), target, options);
  const beginning = messageId("one", { target, channel: "mail" });
  assert.ok(head.includes(`In-Reply-To: ${beginning}`));
});

test("a chart is drawn from cells, scaled to the highest, and left out where there is nothing", () => {
  const { series } = alertMessage("one");
  const html = chartHtml(series);
  assert.equal(html.match(/valign="bottom"/g)?.length, 4);
  assert.match(html, /height="63" bgcolor="#2a6fdb"/);
  assert.match(chartText(series), /^▁▂▄█ {2}the last 3 s, at most 54.9 Mbit\/s$/);
  const none = { atMs: [], rxBytesPerSecond: [], txBytesPerSecond: [] };
  assert.deepEqual([chartHtml(none), chartText(none)], ["", ""]);
  const odd = {
    atMs: [0, 1],
    rxBytesPerSecond: [Number.NaN, 1],
    txBytesPerSecond: [Number.POSITIVE_INFINITY, 0],
  };
  assert.doesNotMatch(chartHtml(odd), /NaN|Infinity/);
});

test("a digest lists what it stands for, and says how many are left out", () => {
  const messages = Array.from({ length: 250 }, (_, at) =>
    alertMessage(`m${at}`, { title: `alert number ${at}` }),
  );
  const digest = mergeMessages([mergeMessages(messages.slice(0, 200)), ...messages.slice(200)]);
  assert.equal(digest.count, 250);
  assert.equal(digest.id, "m0-to-m249");
  const { text, html, subject } = mailText(digest, "box");
  assert.match(subject, /250 alerts/);
  for (const shown of [text, html]) {
    assert.match(shown, /alert number 99\b/);
    assert.match(shown, /and 150 more/);
  }
});

test("providers are reached with TLS, and say which password they want", () => {
  assert.equal(
    new Set(MAIL_PROVIDERS.flatMap(({ domains }) => domains)).size,
    MAIL_PROVIDERS.flatMap(({ domains }) => domains).length,
  );
  for (const { id, host, port, security, login, tokenUrl, password } of MAIL_PROVIDERS) {
    assert.match(host, /^[a-z\d.-]+\.[a-z]+$/, id);
    assert.equal(port, security === "tls" ? 465 : 587, id);
    assert.ok(password.length > 10, id);
    assert.ok(login !== "xoauth2" || tokenUrl.startsWith("https://"), id);
  }
});
