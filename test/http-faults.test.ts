// The port under what goes wrong: taken, malformed, huge, slow, stuck.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { MAX_CLIENTS } from "../src/api/http-server.ts";
import { DEFAULT_PORT, listenOnPort } from "../src/api/listen-port.ts";
import { exchange, type Face, manyApplications, openFace } from "./fixtures/face.ts";
import { start } from "./programs.ts";

const DAEMON = join(import.meta.dirname, "fixtures", "scripted-daemon.ts");
const answer = () => () => new Response("here");

test("listenOnPort() says that a port is taken, on either address, and leaves nothing", async () => {
  for (const host of ["127.0.0.1", "::1"]) {
    const other = createServer().listen(0, host);
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    await assert.rejects(listenOnPort(answer, { port }), {
      code: "busy",
      message: new RegExp(`^Cannot serve the page on port ${port}: another program has it.*--port`),
    });
    other.close();
    await once(other, "close");
    const listener = await listenOnPort(answer, { port });
    assert.deepEqual([listener.port, listener.moved], [port, false]);
    await listener[Symbol.asyncDispose]();
  }
});

test("listenOnPort() goes to one of the next ports where the usual one is taken", async () => {
  const other = createServer().listen(DEFAULT_PORT, "127.0.0.1");
  // Where it is taken already, all the better.
  await Promise.race([once(other, "listening"), once(other, "error").catch(() => {})]);
  const listener = await listenOnPort(answer, { port: undefined });
  assert.ok(listener.port > DEFAULT_PORT && listener.port < DEFAULT_PORT + 10);
  assert.equal(listener.moved, true);
  await listener[Symbol.asyncDispose]();
  other.close();
});

test("a daemon says that it serves the page on another port than usual", async () => {
  const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
  const other = createServer().listen(DEFAULT_PORT, "127.0.0.1");
  await Promise.race([once(other, "listening"), once(other, "error").catch(() => {})]);
  const program = start([DAEMON, join(folder, "data"), "100", "default"]);
  await program.says(/Ctrl-C stops/);
  program.child.kill("SIGTERM");
  const { stdout } = await program.ended;
  other.close();
  rmSync(folder, { recursive: true });
  assert.match(
    stdout,
    /^Page: {5}http:\/\/127\.0\.0\.1:84(7[4-9]|8[0-2])\/#code=[\w-]+\n.*monitauri open; port 8473 is another/m,
  );
});

test("a daemon whose port is taken says so and leaves nothing but what it keeps", async () => {
  const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const { code, stdout, stderr } = await start([DAEMON, join(folder, "data"), "100", String(port)])
    .ended;
  other.close();
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, new RegExp(`^monitauri: Cannot serve the page on port ${port}: `));
  assert.deepEqual(readdirSync(join(folder, "data")), ["alerts.journal", "history.db"]);
  rmSync(folder, { recursive: true });
});

test("malformed requests get 400 or a closed connection, and the next one its answer", async () => {
  await using face = await openFace();
  const host = `Host: 127.0.0.1:${face.port}\r\n`;
  for (const [bytes, status] of [
    ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
    ["GET\r\n\r\n", 400],
    [`GET / HTTP/9.9\r\n${host}\r\n`, 400],
    [`GET / HTTP/1.1\r\n${host}${host}Connection: close\r\n\r\n`, 421],
    [`GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n`, 400],
    [`GET / HTTP/1.1\r\n${host}X: a\x00b\r\n\r\n`, 400],
    [`POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
    [`POST / HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`, 400],
    [`GET / HTTP/1.1\r\n${host}X: ${"x".repeat(20_000)}\r\n\r\n`, 431],
    [`GET /${"x".repeat(20_000)} HTTP/1.1\r\n${host}\r\n`, 431],
  ] as const) {
    const text = await exchange(face.port, bytes);
    assert.match(text, new RegExp(`^HTTP/1.1 ${status} `), JSON.stringify(bytes.slice(0, 60)));
    assert.doesNotMatch(text, /node:internal|\.ts:\d|\n\s+at /);
  }
  assert.equal(await statusOf(face, `GET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`), 404);
  assert.deepEqual(face.bugs, []);
});

test("bodies that are too long or do not say how long they are are never read", async () => {
  await using face = await openFace();
  const head = `POST /api/v1/sessions HTTP/1.1\r\nHost: 127.0.0.1:${face.port}\r\nContent-Type: application/json\r\n`;
  assert.equal(await statusOf(face, `${head}Content-Length: 999999999\r\n\r\n{`), 413);
  assert.equal(await statusOf(face, `${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"cod`), 411);
});

test("wrong methods get 405 with the right ones, and HEAD works", async () => {
  await using face = await openFace();
  const { app } = face;
  for (const [method, path, allow] of [
    ["POST", "/api/v1/status", "GET, HEAD"],
    ["PUT", "/api/v1/ps", "GET, HEAD"],
    ["GET", "/api/v1/invitations", "POST"],
    ["DELETE", "/api/v1/tokens", "GET, HEAD, POST"],
    ["PATCH", "/api/v1/tokens/x", "DELETE"],
  ] as const) {
    const response = await app.request(path, { method });
    assert.deepEqual([response.status, response.headers.get("allow")], [405, allow], path);
  }
  for (const path of ["/api/v1/status", "/api/v1/live", "/metrics"]) {
    const response = await app.request(path, { method: "HEAD" });
    assert.deepEqual([response.status, await response.text()], [200, ""], path);
  }
  assert.equal(face.feed.statistics().readers, 0, "a HEAD of the stream reads nothing");
});

test("whoever sends a request slowly is cut off", async () => {
  await using face = await openFace({ headersMs: 200 });
  assert.match(await exchange(face.port, "GET / HTTP/1.1\r\nHost: "), /^(HTTP\/1\.1 408 .*)?/s);
});

test("more connections than the limit are closed, and the others still answered", async () => {
  await using face = await openFace();
  const sockets = await Promise.all(
    Array.from({ length: MAX_CLIENTS }, async () => {
      const socket = connect(face.port, "127.0.0.1");
      socket.on("error", () => {});
      await once(socket, "connect");
      return socket;
    }),
  );
  const head = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${face.port}\r\nConnection: close\r\n\r\n`;
  assert.equal(await exchange(face.port, head), "", "one too many");
  const [first] = sockets as [Socket];
  first.write(head);
  assert.match(String(await once(first, "data")), /^HTTP\/1\.1 404/);
  for (const socket of sockets) socket.destroy();
  let status = 0;
  while (status !== 404) status = await statusOf(face, head); // until the server has seen them go
});

test("a reader that takes nothing costs nothing and is ended", async () => {
  await using face = await openFace({ idleMs: 500 });
  const { feed } = face;
  const stuck = await openStream(face);
  stuck.pause();
  const rows = manyApplications(1500, 200);
  const published = 400; // of half a megabyte each
  for (let i = 0; i < published; i += 1) {
    face.publish(rows);
    await turn();
  }
  const { given, rememberedBytes } = feed.statistics();
  assert.ok(given < 100, `${given} of ${published}: what the kernel's buffers took`);
  assert.ok(rememberedBytes <= 8 * 2 ** 20);
  await until(() => feed.statistics().readers === 0);
  stuck.destroy();
});

test("a reader that goes away is forgotten, and one that stays is told the end", async () => {
  const face = await openFace();
  const gone = await openStream(face);
  gone.destroy();
  await until(() => face.feed.statistics().readers === 0);
  const stays = await openStream(face);
  let text = "";
  stays.on("data", (chunk) => {
    text += chunk;
  });
  face.publish();
  const ended = once(stays, "close");
  await until(() => /id: 2\n/.test(text));
  await face[Symbol.asyncDispose]();
  await ended;
  assert.ok(text.endsWith("0\r\n\r\n"), "the last chunk: a clean end");
});

test("a stream ends when the token that it was asked with is taken away", async () => {
  await using face = await openFace();
  const { token } = face.access.addToken("reader");
  const socket = await openStream(face, { token });
  const ended = once(socket, "close");
  socket.resume();
  face.access.removeToken("reader");
  face.publish();
  await until(() => face.feed.statistics().readers === 0);
  socket.destroy();
  await ended;
});

test("the stream begins behind Last-Event-ID", async () => {
  await using face = await openFace();
  for (let i = 0; i < 5; i += 1) face.publish();
  const socket = await openStream(face, { more: "Last-Event-ID: 3\r\n" });
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  await until(() => /id: 6\n/.test(text));
  assert.deepEqual(text.match(/^id: \d+$/gm), ["id: 4", "id: 5", "id: 6"]);
  socket.destroy();
});

/** A connection whose answer to a request for the live stream has begun. */
async function openStream(face: Face, { more = "", token = face.signIn() } = {}): Promise<Socket> {
  const socket = connect(face.port, "127.0.0.1");
  socket.setEncoding("latin1");
  socket.on("error", () => {});
  socket.write(
    `GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1:${face.port}\r\n` +
      `Authorization: Bearer ${token}\r\n${more}\r\n`,
  );
  const [begin] = (await once(socket, "data")) as [string];
  assert.match(begin, /^HTTP\/1\.1 200 /);
  if (begin.includes("\ndata:")) socket.unshift(begin);
  await until(() => face.feed.statistics().readers > 0);
  return socket;
}

async function statusOf(face: Face, bytes: string): Promise<number> {
  return Number(/^HTTP\/1\.1 (\d+)/.exec(await exchange(face.port, bytes))?.[1] ?? 0);
}

/** What another side of a socket does takes a moment. */
async function until(wanted: () => boolean): Promise<void> {
  while (!wanted()) await new Promise((resolve) => setTimeout(resolve, 5));
}
