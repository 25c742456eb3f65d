// Webhooks against real HTTP servers: formats, signatures, and receivers that redirect, hang, flood or lie.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { LookupAddress } from "node:dns";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import type { Secrets } from "../src/alerts/deliver/channel-file.ts";
import { isInternal } from "../src/alerts/deliver/http-request.ts";
import { alertMessage } from "../src/alerts/deliver/scripted-message.ts";
import type { SendOutcome } from "../src/alerts/deliver/sender.ts";
import {
  createWebhookSender,
  type WebhookSenderOptions,
} from "../src/alerts/deliver/webhook-sender.ts";
import type { WebhookTarget } from "../src/model/alert-channel.ts";
import { makeCertificates } from "./fixtures/certificates.ts";

const certificates = makeCertificates();
after(() => certificates?.[Symbol.dispose]());

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
}

async function receiver(
  answer: (response: ServerResponse, received: Received) => void = (response) =>
    void response.end("ok"),
  pair?: { key: string; cert: string },
): Promise<Receiver> {
  const received: Received[] = [];
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const one = { path: request.url ?? "", headers: request.headers, body };
      received.push(one);
      answer(response, one);
    });
  };
  const server = pair === undefined ? createServer(serve) : createTlsServer(pair, serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${pair === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const NOW_MS = Date.UTC(2026, 10, 25, 12);
const clock = { now: () => NOW_MS, after: () => () => {} };

async function send(
  target: Partial<WebhookTarget>,
  secrets: Secrets,
  more: Partial<WebhookSenderOptions> & { message?: ReturnType<typeof alertMessage> } = {},
): Promise<SendOutcome & { begun: boolean }> {
  const sender = createWebhookSender({
    target: { kind: "webhook", format: "json", recipient: "", allowInternal: true, ...target },
    secrets,
    host: "box",
    clock,
    timeoutMs: 20_000,
    ...more,
  });
  let begun = false;
  const outcome = await sender.send(more.message ?? alertMessage("one"), {
    begin: async () => {
      begun = true;
    },
    signal: new AbortController().signal,
  });
  return { ...outcome, begun };
}

function saidBy(outcome: SendOutcome): string {
  return outcome.kind === "delivered"
    ? outcome.said
    : `${outcome.trouble.said} | ${outcome.trouble.remedy}`;
}

test("json is signed over time and body, and carries the alert's id against doubles", async () => {
  await using server = await receiver();
  const signingKey = "a-signing-key";
  const outcome = await send({}, { url: `${server.url}/hook`, signingKey, token: "bearer-token" });
  assert.equal(outcome.kind, "delivered");
  const [one] = server.received;
  assert.ok(one);
  const [, seconds = "", digest = ""] =
    /^t=(\d+),v1=([\da-f]{64})$/.exec(String(one.headers["monitauri-signature"])) ?? [];
  assert.equal(Number(seconds) * 1000, NOW_MS);
  assert.equal(
    digest,
    createHmac("sha256", signingKey).update(`${seconds}.${one.body}`).digest("hex"),
  );
  assert.equal(one.headers["idempotency-key"], "one");
  assert.equal(one.headers.authorization, "Bearer bearer-token");
  const body = JSON.parse(one.body);
  assert.deepEqual(
    [body.version, body.host, body.alert.id, body.alert.title],
    [1, "box", "one", "curl receives 54.2 Mbit/s"],
  );
});

test("what other programs call themselves is text in every format", async () => {
  await using server = await receiver();
  const message = alertMessage("one", {
    title: 'x <!channel> @everyone *b* <a href="http://evil">\r\nX: y',
  });
  for (const format of ["slack", "discord", "ntfy", "telegram"] as const) {
    const secrets =
      format === "telegram"
        ? { token: "123:abc-DEF", url: server.url }
        : { url: `${server.url}/topic` };
    const outcome = await send({ format, recipient: format === "telegram" ? "42" : "" }, secrets, {
      message,
    });
    assert.equal(outcome.kind, "delivered", saidBy(outcome));
  }
  const [slack, discord, ntfy, telegram] = server.received.map(({ path, body }) => ({
    path,
    body: JSON.parse(body),
  }));
  assert.match(slack?.body.text, /&lt;!channel&gt;/);
  assert.doesNotMatch(slack?.body.text, /<[!@#a]/);
  assert.deepEqual(discord?.body.allowed_mentions, { parse: [] });
  assert.match(discord?.body.embeds[0].title, /\\@everyone \\\*b\\\*/);
  assert.equal(ntfy?.path, "/");
  assert.equal(ntfy?.body.topic, "topic");
  assert.equal(ntfy?.body.priority, 4);
  assert.equal(telegram?.path, "/bot123:abc-DEF/sendMessage");
  assert.equal(telegram?.body.chat_id, "42");
  assert.equal("parse_mode" in (telegram?.body ?? {}), false, "no markup is read");
});

test("a redirect is not followed", async () => {
  await using elsewhere = await receiver();
  await using server = await receiver(
    (response) => void response.writeHead(307, { location: elsewhere.url }).end(),
  );
  const outcome = await send({}, { url: server.url, token: "bearer-token" });
  assert.equal(outcome.kind, "later");
  assert.match(saidBy(outcome), /redirect, which is not followed/);
  assert.equal(elsewhere.received.length, 0);
});

test("answers decide what becomes of the message", async () => {
  const cases: [number, Record<string, string>, SendOutcome["kind"], number | undefined][] = [
    [204, {}, "delivered", undefined],
    [400, {}, "failed", undefined],
    [404, {}, "later", undefined],
    [429, { "retry-after": "120" }, "later", 120_000],
    [429, { "retry-after": new Date(NOW_MS + 60_000).toUTCString() }, "later", 60_000],
    [503, {}, "later", undefined],
  ];
  for (const [status, headers, kind, retryAfterMs] of cases) {
    await using server = await receiver(
      (response) => void response.writeHead(status, headers).end(),
    );
    const outcome = await send({}, { url: server.url });
    assert.equal(outcome.kind, kind, String(status));
    assert.equal("retryAfterMs" in outcome ? outcome.retryAfterMs : undefined, retryAfterMs);
  }
  await using telegram = await receiver(
    (response) => void response.writeHead(429).end('{"ok":false,"parameters":{"retry_after":35}}'),
  );
  const outcome = await send(
    { format: "telegram", recipient: "1" },
    { token: "1:secret-token", url: telegram.url },
  );
  assert.equal("retryAfterMs" in outcome && outcome.retryAfterMs, 35_000);
});

test("a receiver that hangs, closes or floods holds nobody, and it is said what is not known", async () => {
  await using hanging = await receiver(() => {});
  const hung = await send({}, { url: hanging.url }, { timeoutMs: 200 });
  assert.ok(hung.kind === "later");
  assert.equal(hung.unknown, true);
  await using closing = await receiver((response) => response.socket?.destroy());
  const closed = await send({}, { url: closing.url });
  assert.ok(closed.kind === "later");
  assert.equal(closed.unknown, true);
  await using flooding = await receiver((response) => {
    response.writeHead(200);
    const more = () => {
      while (response.write("x".repeat(65_536)));
      response.once("drain", more);
    };
    response.on("error", () => {});
    more();
  });
  const startedMs = performance.now();
  const flooded = await send({}, { url: flooding.url }, { timeoutMs: 40_000 });
  assert.equal(flooded.kind, "delivered");
  assert.ok(saidBy(flooded).length < 400);
  assert.ok(performance.now() - startedMs < 20_000);
});

test("internal addresses are refused unless allowed, however they are written", async () => {
  await using server = await receiver();
  for (const host of [
    "127.0.0.1",
    "localhost",
    "0x7f.1",
    "2130706433",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "0.0.0.0",
  ]) {
    const outcome = await send({ allowInternal: false }, { url: `http://${host}:${server.port}/` });
    assert.match(saidBy(outcome), /internal address.*allow them/, host);
    assert.equal(outcome.begun, false);
  }
  assert.equal(server.received.length, 0);
  for (const address of [
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "fe80::1",
    "fd00::1",
    "::",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "224.0.0.1",
    "nonsense",
  ]) {
    assert.equal(isInternal(address), true, address);
  }
  for (const address of ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"]) {
    assert.equal(isInternal(address), false, address);
  }
});

test("a name is asked once, and what it said is what is connected to", async () => {
  await using server = await receiver();
  let asked = 0;
  // The first answer is harmless, the second would be this machine: the trick of DNS rebinding.
  const rebinding = ((
    _host: string,
    _options: unknown,
    done: (error: null, addresses: LookupAddress[]) => void,
  ) => {
    asked += 1;
    done(null, [{ address: asked === 1 ? "192.0.2.1" : "127.0.0.1", family: 4 }]);
  }) as unknown as NonNullable<WebhookSenderOptions["resolve"]>;
  const url = `http://rebind.example:${server.port}/`;
  const outcome = await send(
    { allowInternal: false },
    { url },
    { resolve: rebinding, timeoutMs: 300 },
  );
  assert.equal(outcome.kind, "later");
  assert.equal(asked, 1);
  const again = await send({ allowInternal: false }, { url }, { resolve: rebinding });
  assert.match(
    saidBy(again),
    /rebind.example is 127.0.0.1, and internal addresses are not allowed/,
  );
  assert.equal(server.received.length, 0);
  // One bad address among good ones is enough.
  const mixed = ((
    _host: string,
    _options: unknown,
    done: (error: null, addresses: LookupAddress[]) => void,
  ) =>
    done(null, [
      { address: "1.1.1.1", family: 4 },
      { address: "10.0.0.1", family: 4 },
    ])) as unknown as typeof rebinding;
  assert.match(
    saidBy(await send({ allowInternal: false }, { url }, { resolve: mixed })),
    /10.0.0.1/,
  );
});

test("the certificate of an https receiver is verified before anything is said", {
  skip: certificates === undefined,
}, async () => {
  await using selfSigned = await receiver(undefined, certificates?.selfSigned);
  const outcome = await send({}, { url: `${selfSigned.url}/secret-path` });
  assert.equal(outcome.kind, "later");
  assert.deepEqual([outcome.begun, selfSigned.received.length], [false, 0]);
  await using good = await receiver(undefined, certificates?.good);
  const fine = await send({}, { url: good.url }, { ca: certificates?.ca ?? "" });
  assert.equal(fine.kind, "delivered");
});

test("the address, which is the secret of most webhooks, is in no outcome", async () => {
  await using server = await receiver(
    (response, { path, headers }) =>
      void response.writeHead(500).end(`no ${path} ${headers.authorization}`),
  );
  const url = `${server.url}/services/T0000/B0000/SECRETSECRET`;
  const outcome = await send({}, { url, token: "bearer-token-1" });
  assert.match(saidBy(outcome), /127.0.0.1:\d+ answered 500: no/);
  assert.doesNotMatch(saidBy(outcome), /SECRETSECRET|bearer-token-1/);
  const gone = await send(
    { format: "telegram", recipient: "1" },
    { token: "1:SECRETSECRET", url: "http://127.0.0.1:1" },
  );
  assert.doesNotMatch(saidBy(gone), /SECRETSECRET/);
});
