// Who gets in over TCP and who does not: hosts, origins, codes, tokens, on real listeners.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connectDaemon } from "../src/cli/connect.ts";
import { exchange, type Face, openFace } from "./fixtures/face.ts";
import { type Program, startDaemon } from "./programs.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
let face: Face;

before(async () => {
  mkdirSync(join(folder, "ui", "assets"), { recursive: true });
  writeFileSync(join(folder, "ui", "index.html"), "<!doctype html><title>Monitauri</title>");
  writeFileSync(join(folder, "ui", "assets", "index-abc.js"), "export {};");
  writeFileSync(join(folder, "secret.txt"), "not for the page");
  face = await openFace({ pageFolder: join(folder, "ui") });
});
after(async () => {
  await face[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe("the port", () => {
  test("answers to its own names only, also for the page's files", async () => {
    const { port } = face;
    for (const path of ["/", "/assets/index-abc.js", "/api/v1/status"]) {
      for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
        assert.notEqual((await ask(path, { host })).status, 421, host);
      }
      for (const host of [
        "127.0.0.1",
        "localhost",
        `127.0.0.1:${port + 1}`,
        `evil.example:${port}`,
        `127.0.0.1.evil.example:${port}`,
        `localhost.:${port}`,
        `LOCALHOST:${port}`,
        `127.0.0.2:${port}`,
        `0.0.0.0:${port}`,
        `[::ffff:127.0.0.1]:${port}`,
      ]) {
        const { status, body } = await ask(path, { host });
        assert.ok(status === 421 || status === 400, `${host} ${status}`);
        assert.doesNotMatch(body, /<title>/);
      }
    }
    const without = await exchange(port, "GET / HTTP/1.1\r\n\r\n");
    assert.match(without, /^HTTP\/1\.1 400 /);
    const old = await exchange(port, "GET / HTTP/1.0\r\n\r\n");
    assert.match(old, /^HTTP\/1\.1 4(00|21) /);
    const target = `GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`;
    assert.match(await exchange(port, target), /^HTTP\/1\.1 421 /);
  });

  test("answers on ::1 too, with the same names", async () => {
    const head = `GET / HTTP/1.1\r\nHost: [::1]:${face.port}\r\nConnection: close\r\n\r\n`;
    assert.match(await exchange(face.port, head, "::1"), /^HTTP\/1\.1 200 /);
  });

  test("refuses what other sites ask, even with a token", async () => {
    const bearer = { authorization: `Bearer ${face.signIn()}` };
    for (const origin of [
      "http://evil.example",
      "null",
      `https://127.0.0.1:${face.port}`,
      `http://127.0.0.1:${face.port}.evil.example`,
      "http://127.0.0.1",
      "",
    ]) {
      assert.equal((await ask("/api/v1/status", { ...bearer, origin })).status, 403, origin);
      assert.equal((await ask("/", { origin })).status, 403, origin);
    }
    assert.equal((await ask("/", { "sec-fetch-site": "cross-site" })).status, 403);
    const own = { ...bearer, origin: face.origin, "sec-fetch-site": "same-origin" };
    const { status, headers } = await ask("/api/v1/status", own);
    assert.equal(status, 200);
    assert.ok(!Object.keys(headers).some((name) => name.startsWith("access-control-")));
    const preflight = await ask(
      "/api/v1/status",
      { origin: face.origin, "access-control-request-method": "GET" },
      { method: "OPTIONS" },
    );
    assert.equal(preflight.status, 401);
  });

  test("has the same protecting headers on every answer", async () => {
    const paths = [
      "/",
      "/assets/index-abc.js",
      "/api/v1/status",
      "/metrics",
      "/none.js",
      "/api/none",
    ];
    const answers = await Promise.all([
      ...paths.map((path) => ask(path)),
      ...paths.map((path) => ask(path, { authorization: `Bearer ${face.signIn()}` })),
      ask("/", { host: "evil.example" }),
      ask("/", { origin: "http://evil.example" }),
      ask("/", {}, { method: "PUT" }),
    ]);
    for (const { headers } of answers) {
      assert.match(
        headers["content-security-policy"] ?? "",
        /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/,
      );
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["referrer-policy"], "no-referrer");
      assert.equal(headers["cross-origin-opener-policy"], "same-origin");
      assert.equal(headers["cross-origin-resource-policy"], "same-origin");
      assert.equal(headers["set-cookie"], undefined);
    }
    assert.match((await ask("/assets/index-abc.js")).headers["cache-control"] ?? "", /immutable/);
    assert.equal((await ask("/")).headers["cache-control"], "no-store");
  });

  test("serves the page's files and nothing else", async () => {
    assert.match((await ask("/")).body, /<title>Monitauri/);
    assert.match((await ask("/connections")).body, /<title>Monitauri/, "an address of the page");
    assert.equal(
      (await ask("/assets/index-abc.js")).headers["content-type"],
      "text/javascript; charset=utf-8",
    );
    for (const path of [
      "/../secret.txt",
      "/..%2fsecret.txt",
      "/%2e%2e/secret.txt",
      "/assets/../../secret.txt",
      "//secret.txt",
      "/assets/%00.js",
      "/\\..\\secret.txt",
      "/secret.txt",
      "/assets/none.js",
    ]) {
      const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${face.port}\r\nConnection: close\r\n\r\n`;
      const answer = await exchange(face.port, head);
      assert.match(answer, /^HTTP\/1\.1 (400|404) /, path);
      assert.doesNotMatch(answer, /not for the page/);
    }
    await using bare = await openFace();
    const { status, body } = await ask("/", {}, { at: bare.port });
    assert.equal(status, 404);
    assert.match(body, /page was not built\. Build it: npm run build/);
  });

  test("says 401 and what to do to whoever is not signed in", async () => {
    const { port } = face;
    const used = face.access.makeCode();
    face.access.redeem(used.code);
    const gone = face.signIn();
    face.access.signOut(gone);
    for (const authorization of [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      "Basic eDp5",
      `Bearer mts_${"A".repeat(43)}`,
      `Bearer ${used.code}`,
      `Bearer ${gone}`,
      `bearer ${"x".repeat(2000)}`,
    ]) {
      for (const path of [
        "/api/v1/status",
        "/api/v1/live",
        "/api/v1/openapi.json",
        "/metrics",
        "/api/v1/none",
        "/api/v1/sessions",
      ]) {
        const headers: Record<string, string> =
          authorization === undefined ? {} : { authorization };
        const answer = await ask(path, headers);
        assert.equal(answer.status, 401, `${path} ${authorization}`);
        const { error } = JSON.parse(answer.body) as { error: { code: string; message: string } };
        assert.equal(error.code, "unauthorized");
        assert.match(error.message, /monitauri open/);
      }
    }
    const good = `Bearer ${face.signIn()}`;
    assert.equal((await ask("/api/v1/status", { authorization: good })).status, 200);
    const inQuery = await ask(`/api/v1/status?token=${good.slice(7)}`, {
      cookie: `token=${good.slice(7)}`,
    });
    assert.equal(inQuery.status, 401, `port ${port}`);
  });

  test("exchanges a code for a token once, and signs out", async () => {
    const { code } = face.access.makeCode();
    const signedIn = await signIn(code);
    assert.equal(signedIn.status, 200);
    const { token } = JSON.parse(signedIn.body) as { token: string };
    const bearer = { authorization: `Bearer ${token}` };
    assert.equal((await ask("/api/v1/ps", bearer)).status, 200);
    assert.equal((await signIn(code)).status, 401, "used");
    for (const wrong of ["", "x", "A".repeat(32)]) assert.equal((await signIn(wrong)).status, 401);
    for (const body of [
      "{",
      "[]",
      "{}",
      '{"code":1}',
      '{"code":null}',
      `{"code":"${"x".repeat(300)}"}`,
    ]) {
      assert.equal((await post("/api/v1/sessions", body)).status, 400, body);
    }
    assert.equal((await ask("/api/v1/sessions/current", bearer, { method: "DELETE" })).status, 200);
    assert.equal((await ask("/api/v1/ps", bearer)).status, 401);
  });

  test("tells who guesses codes to wait", async () => {
    await using own = await openFace();
    const statuses = [];
    for (let i = 0; i < 22; i += 1) {
      statuses.push((await post("/api/v1/sessions", `{"code":"${i}"}`, own.port)).status);
    }
    assert.deepEqual(statuses.slice(0, 20), new Array(20).fill(401));
    assert.deepEqual(statuses.slice(20), [429, 429]);
    const { code } = own.access.makeCode();
    assert.equal((await post("/api/v1/sessions", JSON.stringify({ code }), own.port)).status, 200);
  });

  test("lets nobody in further: only the socket invites and makes tokens", async () => {
    const bearer = { authorization: `Bearer ${face.signIn()}` };
    for (const [method, path] of [
      ["POST", "/invitations"],
      ["GET", "/tokens"],
      ["DELETE", "/tokens/x"],
    ] as const) {
      const { status, body } = await ask(`/api/v1${path}`, bearer, { method });
      assert.equal(status, 403, path);
      assert.match(body, /forbidden/);
    }
    const { status } = await post("/api/v1/tokens", '{"name":"x"}', face.port, bearer);
    assert.equal(status, 403);
    const { token } = await connectDaemon([face.socket]).addToken("prometheus");
    const scraped = await ask("/metrics", { authorization: `Bearer ${token}` });
    assert.equal(scraped.status, 200);
    const program = { authorization: `Bearer ${token}` };
    const { paths } = JSON.parse((await ask("/api/v1/openapi.json", program)).body) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const changing = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => method !== "get" && !/\/sessions(\/proof)?$/.test(path))
        .map((method) => [method.toUpperCase(), path.replace(/\{\w+\}/g, "x")] as const),
    );
    assert.ok(changing.length > 20);
    for (const [method, path] of changing) {
      assert.equal((await ask(path, program, { method })).status, 403, `${method} ${path}`);
    }
    await connectDaemon([face.socket]).removeToken("prometheus");
    assert.equal((await ask("/metrics", { authorization: `Bearer ${token}` })).status, 401);
  });
});

test("a page stays signed in across a clean end of the daemon at the same port alone, with hashes in a private file", async () => {
  const data = join(folder, "data");
  const programs: Program[] = [];
  try {
    const first = await start(data, programs);
    if (process.geteuid?.() === 0) {
      for (const from of ["127.0.0.1", "127.0.0.2"])
        assert.match(signInAsNobody(first, from), /"forbidden".* runs as another user/, from);
    }
    const { token } = JSON.parse(
      (await post("/api/v1/sessions", JSON.stringify({ code: first.code }), first.port)).body,
    ) as { token: string };
    assert.equal(statSync(join(data, "access.json")).mode & 0o777, 0o600);
    assert.ok(!readFileSync(join(data, "access.json"), "utf8").includes(token));
    first.program.child.kill("SIGTERM");
    assert.equal((await first.program.ended).code, 0);
    const bearer = { authorization: `Bearer ${token}` };
    const statusAt = async ({ port }: { port: number }) =>
      (await ask("/api/v1/status", bearer, { at: port })).status;
    const second = await start(data, programs, first.port);
    assert.equal(await statusAt(second), 200);
    await stop(second.program, "SIGKILL");
    const killed = await start(data, programs, first.port);
    assert.equal(await statusAt(killed), 401, "who had the port meanwhile may have the token");
    const again = JSON.parse(
      (await post("/api/v1/sessions", JSON.stringify({ code: killed.code }), killed.port)).body,
    ) as { token: string };
    bearer.authorization = `Bearer ${again.token}`;
    await stop(killed.program, "SIGTERM");
    const moved = await start(data, programs);
    assert.equal(await statusAt(moved), 401, "it was for another port");
    await stop(moved.program, "SIGKILL");
    writeFileSync(join(data, "access.json"), "broken");
    const third = await start(data, programs);
    assert.match(third.program.stderr(), /Cannot use .*access\.json.*sign in again/);
    assert.equal(await statusAt(third), 401);
    assert.equal(readFileSync(join(data, "access.json.broken"), "utf8"), "broken");
  } finally {
    for (const { child } of programs) child.kill("SIGKILL");
    await Promise.all(programs.map(({ ended }) => ended));
  }
});

/** With a code that was seen in the list of processes, say. The code stays good for the one it is meant for. */
function signInAsNobody({ port, code }: { port: number; code: string }, from: string): string {
  const body = JSON.stringify({ code });
  const options = { port, path: "/api/v1/sessions", method: "POST", localAddress: from };
  const script = `require("node:http").request({ ...${JSON.stringify(options)}, host: "127.0.0.1",
    headers: { "content-type": "application/json" } }, (r) => r.pipe(process.stdout)).end(${JSON.stringify(body)})`;
  const nobody = { uid: 65_534, gid: 65_534, encoding: "utf8", timeout: 20_000, cwd: "/" } as const;
  return spawnSync(process.execPath, ["-e", script], nobody).stdout;
}

async function stop({ child, ended }: Program, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  await ended;
}

async function start(data: string, programs: Program[], atPort = 0) {
  const program = startDaemon(data, 100, atPort);
  programs.push(program);
  await program.says(/Ctrl-C stops/);
  const page = /^Page: {5}http:\/\/127\.0\.0\.1:(\d+)\/#code=([\w-]+)$/m.exec(program.stdout());
  return { program, port: Number(page?.[1]), code: page?.[2] ?? "" };
}

interface AskOptions {
  readonly method?: string;
  readonly at?: number;
  readonly body?: string;
}

interface Asked {
  readonly status: number;
  readonly headers: Record<string, string | undefined>;
  readonly body: string;
}

function ask(
  path: string,
  headers: Record<string, string> = {},
  options: AskOptions = {},
): Promise<Asked> {
  const { method = "GET", at = face.port, body } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Asked>();
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const host = "127.0.0.1";
  const asked = request(
    { host, port: at, path, method, agent: false, headers: { ...length, ...headers } },
    (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        const flat = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(flat) as Record<string, string>,
          body: text,
        });
      });
    },
  );
  asked.on("error", reject);
  asked.end(body);
  return promise;
}

function post(path: string, body: string, at = face.port, headers = {}): Promise<Asked> {
  return ask(
    path,
    { "content-type": "application/json", ...headers },
    { method: "POST", at, body },
  );
}

function signIn(code: string): Promise<Asked> {
  return post("/api/v1/sessions", JSON.stringify({ code }));
}
