// Mail servers that hang, drip, close halfway or are none.
import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { after, test } from "node:test";
import type { SMTPServerOptions } from "smtp-server";
import { alertMessage } from "../src/alerts/deliver/scripted-message.ts";
import type { MailTarget } from "../src/model/alert-channel.ts";
import { makeCertificates } from "./fixtures/certificates.ts";
import {
  IMPATIENT,
  mailSender,
  mailTarget,
  sending,
  sendOnce,
  secureServer as serverWith,
  troubleOf,
} from "./fixtures/mail-sending.ts";

const certificates = makeCertificates();
after(() => certificates?.[Symbol.dispose]());
const skip = certificates === undefined ? "openssl is not installed" : false;
const caFile = certificates?.caFile ?? null;
const secureServer = (options: SMTPServerOptions = {}) => serverWith(certificates?.good, options);
const targetOf = (port: number, changes: Partial<MailTarget> = {}) =>
  mailTarget(port, { caFile, ...changes });

/** A server of raw sockets, for what no SMTP server would do. */
async function rawServer(serve: (socket: Socket) => void): Promise<Server & { port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return Object.assign(server, { port });
}

/** Answers each command by its first word. */
function talk(socket: Socket, answers: Record<string, string>): void {
  let isData = false;
  socket.write("220 raw\r\n");
  socket.on("data", (chunk: Buffer) => {
    const text = chunk.toString();
    if (isData) {
      if (text.endsWith("\r\n.\r\n")) {
        isData = false;
        answer("END");
      }
      return;
    }
    for (const line of text.split("\r\n").filter((each) => each !== "")) {
      const [word = ""] = line.split(/[ :]/);
      if (word === "DATA") isData = true;
      answer(word);
    }
  });
  function answer(word: string): void {
    const reply = answers[word] ?? "250 ok";
    if (reply === "close") socket.destroy();
    else if (reply !== "") socket.write(`${reply}\r\n`);
  }
}

const plain = { security: "none", login: "none" } as const;

test("send() gives up on servers that hang, at each stage", async () => {
  const silent = await rawServer(() => {});
  assert.match(
    troubleOf(await sendOnce(targetOf(silent.port, plain), {}, IMPATIENT)),
    /took the connection and says nothing/,
  );
  const mute = await rawServer((socket) => talk(socket, { EHLO: "" }));
  assert.equal((await sendOnce(targetOf(mute.port, plain), {}, IMPATIENT)).kind, "later");
  const stuck = await rawServer((socket) => talk(socket, { DATA: "354 go", END: "" }));
  const outcome = await sendOnce(targetOf(stuck.port, plain), {}, IMPATIENT);
  assert.ok(outcome.kind === "later");
  assert.equal(outcome.unknown, true, "it may have arrived");
  assert.match(outcome.trouble.said, /says nothing more after the message/);
});

test("send() ends with its deadline, however slowly a server drips", async () => {
  const dripping = await rawServer((socket) => {
    const timer = setInterval(() => socket.write("2"), 50);
    socket.on("close", () => clearInterval(timer));
  });
  const sender = mailSender(
    targetOf(dripping.port, plain),
    {},
    {
      deadlineMs: 500,
      timing: { connectMs: 1_000, silenceMs: 60_000 },
    },
  );
  const startedMs = performance.now();
  assert.equal((await sender.send(alertMessage("one"), sending())).kind, "later");
  assert.ok(performance.now() - startedMs < 20_000);
});

test("send() knows that a connection which ends after the message says nothing about it", async () => {
  const server = await rawServer((socket) => talk(socket, { DATA: "354 go", END: "close" }));
  const outcome = await sendOnce(targetOf(server.port, plain));
  assert.ok(outcome.kind === "later");
  assert.equal(outcome.unknown, true);
  const earlier = await rawServer((socket) => talk(socket, { RCPT: "close" }));
  const before = await sendOnce(targetOf(earlier.port, plain));
  assert.ok(before.kind === "later");
  assert.equal(before.unknown, false);
  const half = await rawServer((socket) => socket.end("220 raw\r\n"));
  assert.equal((await sendOnce(targetOf(half.port, plain))).kind, "later");
});

test("send() names refused ports, unknown names and the wrong kind of TLS", { skip }, async () => {
  const closed = await rawServer(() => {});
  await new Promise((resolve) => closed.close(resolve));
  assert.match(troubleOf(await sendOnce(targetOf(closed.port))), /refuses connections to port/);
  const unknown = await sendOnce(targetOf(25, { host: "mail.invalid" }));
  assert.match(troubleOf(unknown), /no server named mail.invalid|cannot be looked up/);
  await using server = await secureServer();
  assert.match(
    troubleOf(await sendOnce(targetOf(server.port, { security: "tls" }))),
    /does not begin with TLS .*starttls/,
  );
  await using implicit = await secureServer({ secure: true });
  assert.match(
    troubleOf(await sendOnce(targetOf(implicit.port), undefined, IMPATIENT)),
    /says nothing .*"tls"|closed the connection/,
  );
});

test("send() stops at once when it is told to", async () => {
  const silent = await rawServer(() => {});
  const abort = new AbortController();
  const sender = mailSender(
    targetOf(silent.port, plain),
    {},
    { timing: { connectMs: 60_000, silenceMs: 60_000 } },
  );
  const sent = sender.send(alertMessage("one"), sending({ signal: abort.signal }));
  setTimeout(() => abort.abort(), 100);
  const startedMs = performance.now();
  assert.equal((await sent).kind, "later");
  assert.ok(performance.now() - startedMs < 20_000);
});
