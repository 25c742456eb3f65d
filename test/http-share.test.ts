// The port's connections are not one user's: on real sockets, and between real users.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MAX_OF_ONE, MAX_OF_STRANGERS } from "../src/api/fair-share.ts";
import { MAX_CLIENTS } from "../src/api/http-server.ts";
import { listenOnPort } from "../src/api/listen-port.ts";
import { connectDaemon } from "../src/cli/connect.ts";
import { exchange } from "./fixtures/face.ts";
import { startDaemon } from "./programs.ts";

const NOBODY = 65_534;
/** Users of the first test, each behind an address of its own. */
const OWNER = "127.0.0.1";
const [FIRST, SECOND, THIRD] = ["127.0.0.2", "127.0.0.3", "127.0.0.4"] as const;
const skip = process.geteuid?.() === 0 ? false : "only root can ask as another user";

const skipLoopback =
  process.platform === "linux" ? false : "other systems have one loopback address";

test("strangers get so many connections each and together, the others the rest, and nobody is looked up before half", {
  skip: skipLoopback,
}, async () => {
  let asked = 0;
  await using listener = await listenOnPort(() => () => new Response("here"), {
    port: 0,
    strangerAt({ address }) {
      asked += 1;
      return address === OWNER ? undefined : Number(address.split(".").at(-1));
    },
  });
  const { port } = listener;
  const sockets: Socket[] = [];
  const take = async (from: string, count: number) => {
    let refused = 0;
    for (let n = 0; n < count; n += 1) {
      const answer = await open(port, from);
      if (typeof answer === "string") refused += 1;
      else sockets.push(answer);
    }
    return count - refused;
  };
  /** The connection; where it is refused, the answer. */
  async function open(to: number, from: string): Promise<Socket | string> {
    const socket = connect({ port: to, host: "127.0.0.1", localAddress: from });
    socket.setEncoding("latin1").on("error", () => {});
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const [text] = (await once(socket, "data")) as [string];
    if (text.startsWith("HTTP/1.1 200 ")) return socket;
    assert.match(text, /^HTTP\/1\.1 503 .*\r\nX-Content-Type-Options: nosniff\r\n/s);
    assert.match(text, /"code":"busy","message":"Cannot answer: .*Close some, then try again"/);
    return text;
  }

  assert.equal(await take(FIRST, MAX_OF_ONE), MAX_OF_ONE);
  assert.equal(asked, 0);
  assert.equal(await take(FIRST, 3), 0);
  assert.equal(await take(SECOND, MAX_OF_STRANGERS), MAX_OF_STRANGERS - MAX_OF_ONE);
  assert.equal(await take(THIRD, 1), 0);
  const left = MAX_CLIENTS - MAX_OF_STRANGERS;
  assert.equal(await take(OWNER, left), left);
  assert.ok(asked <= MAX_CLIENTS + 3 + MAX_OF_STRANGERS + 1, `asked ${asked} times: once each`);
  const [all, strangers] = listener.bounds();
  assert.deepEqual([all?.used, all?.limit], [MAX_CLIENTS, MAX_CLIENTS]);
  assert.deepEqual([strangers?.used, strangers?.limit], [MAX_OF_STRANGERS, MAX_OF_STRANGERS]);
  assert.match(strangers?.whenFull ?? "", /refused.*\(68 since the start\)$/);
  for (const socket of sockets) socket.destroy();
  while ((listener.bounds()[0]?.used ?? 0) > 0) await new Promise(setImmediate);
  assert.equal(await take(THIRD, 1), 1);
  for (const socket of sockets) socket.destroy();
});

test("another user who takes all connections, again and again, keeps nobody out", {
  skip,
}, async () => {
  const data = mkdtempSync(join(tmpdir(), "monitauri-test-"));
  const daemon = startDaemon(data, 100, 0);
  try {
    await daemon.says(/Ctrl-C stops/);
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(daemon.stdout())?.[1]);
    const greedy = spawn(process.execPath, ["-e", takingAll(port)], {
      uid: NOBODY,
      gid: NOBODY,
      cwd: "/",
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      // It says when it was refused the first time.
      const [said] = await once(greedy.stdout, "data");
      assert.match(String(said), /^HTTP\/1\.1 503 /);
      const head = `GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`;
      for (let n = 0; n < 20; n += 1) {
        assert.match(await exchange(port, head), /^HTTP\/1\.1 401 /, `question ${n}`);
      }
      const monitauri = connectDaemon([join(data, "daemon.sock")]);
      const { bounds } = await monitauri.doctor();
      const bound = bounds.find(({ name }) => name.endsWith("may not sign in"));
      assert.ok((bound?.used ?? 0) >= MAX_OF_ONE / 2 && (bound?.used ?? 0) <= MAX_OF_STRANGERS);
      assert.doesNotMatch(bound?.whenFull ?? "", /\(0 since the start\)/);
    } finally {
      greedy.kill("SIGKILL");
    }
  } finally {
    daemon.child.kill("SIGTERM");
    await daemon.ended;
    rmSync(data, { recursive: true });
  }
});

/** A program that holds twice as many connections as there are, and makes each anew that ends. */
function takingAll(port: number): string {
  return `const { connect } = require("node:net");
    let isSaid = false;
    function open() {
      const socket = connect(${port}, "127.0.0.1");
      socket.on("error", () => {}).on("close", () => setTimeout(open, 5));
      socket.on("data", (text) => { if (!isSaid) console.log(String(text)); isSaid = true; });
    }
    for (let n = 0; n < ${2 * MAX_CLIENTS}; n += 1) open();`;
}
