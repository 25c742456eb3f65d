// Mutated HTTP requests against a real daemon: node test/http-fuzz.ts [REQUESTS [SEED]]
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { connectDaemon } from "../src/cli/connect.ts";
import { createHttpClient } from "./fixtures/http-client.ts";

const DAEMON = join(import.meta.dirname, "fixtures", "scripted-daemon.ts");
/** A small heap: what is kept of each request ends the daemon, and garbage does not look like it. */
const HEAP = "--max-old-space-size=64";
const AT_ONCE = 16;
/** A half request is followed by the end of the connection, after this time without an answer. */
const PATIENCE_MS = 20;
/** Neither an answer nor an end within this time is a hang. */
const HANG_MS = 15_000;

export interface FuzzResult {
  readonly requests: number;
  /** How often each status came; 0: the connection was closed without one. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Requests with neither an answer nor an end, or with a status that must not be. */
  readonly failures: readonly string[];
  /** What the daemon logged as mistakes in the program. */
  readonly bugs: readonly string[];
  /** Of the daemon after a tenth of the requests, and at the end. */
  readonly residentBytes: readonly [number, number];
}

export async function fuzz(requests: number, seed: number): Promise<FuzzResult> {
  const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
  const data = join(folder, "data");
  const child = spawn(process.execPath, [HEAP, DAEMON, data, "1000", "0"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH },
  });
  const end = () => void child.kill("SIGKILL");
  process.once("exit", end);
  try {
    const log = collect(child);
    await log.says(/Ctrl-C stops/);
    const monitauri = connectDaemon([join(data, "daemon.sock")]);
    const resident = async () => (await monitauri.status()).own.residentBytes;
    const { url } = await monitauri.invite();
    const { port } = await createHttpClient(url);
    // A page's token would be worthless after the first request to sign out.
    const { token } = await monitauri.addToken("fuzz");
    const random = generator(seed);
    const statuses: Record<string, number> = {};
    const failures: string[] = [];
    let sent = 0;
    let before = 0;
    async function work(): Promise<void> {
      while (sent < requests) {
        sent += 1;
        if (sent === Math.ceil(requests / 10)) before = await resident();
        const bytes = mutated(random, { port, token });
        const status = await statusOf(port, bytes);
        statuses[status ?? "none"] = (statuses[status ?? "none"] ?? 0) + 1;
        const isBad = status === undefined || (status >= 500 && status !== 501 && status !== 503);
        if (isBad && failures.length < 20) failures.push(`${status}: ${JSON.stringify(bytes)}`);
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const residentBytes = [before, await resident()] as const;
    const again = await fetch(`http://127.0.0.1:${port}/api/v1/status`, {
      headers: {
        authorization: `Bearer ${(await createHttpClient((await monitauri.invite()).url)).token}`,
      },
    });
    if (again.status !== 200) failures.push(`afterwards ${again.status}`);
    const bugs = log.text().match(/^.* error: .*$/gm) ?? [];
    return { requests, statuses, failures, bugs, residentBytes };
  } finally {
    end();
    process.off("exit", end);
    if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    rmSync(folder, { recursive: true });
  }
}

function collect(child: ChildProcess) {
  let text = "";
  const take = (chunk: Buffer) => {
    text = (text + chunk).slice(-1_000_000);
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  return {
    text: () => text,
    async says(pattern: RegExp): Promise<void> {
      while (!pattern.test(text)) {
        if (child.exitCode !== null) throw new Error(`The daemon ended:\n${text}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

/** undefined: neither an answer nor an end. 0: an end without an answer. */
function statusOf(port: number, bytes: string): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const socket = connect(port, "127.0.0.1");
  let text = "";
  const impatient = setTimeout(() => socket.end(), PATIENCE_MS);
  const hanging = setTimeout(() => end(undefined), HANG_MS);
  function end(status: number | undefined): void {
    clearTimeout(impatient);
    clearTimeout(hanging);
    // No TIME_WAIT: a hundred thousand connections would use up the ports.
    socket.resetAndDestroy();
    resolve(status);
  }
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    text += chunk;
    const [, status] = /^HTTP\/1\.[01] ([2-5]\d\d) /m.exec(text) ?? [];
    if (status !== undefined) end(Number(status));
  });
  socket.on("error", () => {});
  socket.on("close", () => end(0));
  socket.write(bytes, "latin1");
  return promise;
}

type Random = (below: number) => number;

/** mulberry32: small, seeded, good enough to choose. */
function generator(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

interface Target {
  readonly port: number;
  readonly token: string;
}

function mutated(random: Random, target: Target): string {
  let bytes = request(random, target);
  for (let count = random(2) * random(4); count > 0; count -= 1) bytes = mutate(random, bytes);
  return bytes;
}

function request(random: Random, { port, token }: Target): string {
  const one = <T>(all: readonly T[]): T => all[random(all.length)] as T;
  const body = one(BODIES);
  const target = one(PATHS) + one(QUERIES);
  const headers = [
    one([
      `Host: 127.0.0.1:${port}`,
      `Host: localhost:${port}`,
      "Host: evil.example",
      `Host: 127.0.0.1:${port}`,
      `Host: 127.0.0.1:${port}`,
      `Host: 127.0.0.1:${port}`,
    ]),
    one([
      `Authorization: Bearer ${token}`,
      `Authorization: Bearer ${token}`,
      "Authorization: Bearer x",
      `Authorization: Bearer ${token}`,
      `Authorization: Bearer ${token}`,
      "X: y",
    ]),
    one([
      `Origin: http://127.0.0.1:${port}`,
      "Origin: null",
      ...Array<string>(5).fill("Accept: */*"),
    ]),
    one([
      "Content-Type: application/json",
      "Content-Type: text/plain",
      "Content-Type: application/json; charset=x",
    ]),
    ...(body === "" ? [] : [`Content-Length: ${body.length + one([0, 0, 0, -1, 7])}`]),
    one([
      "X: y",
      "X: y",
      "X: y",
      "Connection: close",
      "Connection: keep-alive",
      "Connection: upgrade\r\nUpgrade: websocket",
      "Expect: 100-continue",
      "Transfer-Encoding: chunked",
      "Last-Event-ID: 99",
      "X: y",
    ]),
  ];
  return `${one(METHODS)} ${target} ${one(VERSIONS)}\r\n${headers.join("\r\n")}\r\n\r\n${body}`;
}

const METHODS = [
  ...Array<string>(10).fill("GET"),
  ..."POST POST DELETE HEAD OPTIONS PUT TRACE CONNECT BREW".split(" "),
  "",
];
const VERSIONS = [...Array<string>(14).fill("HTTP/1.1"), "HTTP/1.0", "HTTP/2.0", ""];
const PATHS = [
  "status",
  "ps",
  "connections",
  "listeners",
  "groups",
  "doctor",
  "live",
  "openapi.json",
  "invitations",
  "tokens",
  "tokens/x",
  "tokens/%ff",
  "sessions",
  "sessions/current",
]
  .flatMap((path) => Array<string>(5).fill(`/api/v1/${path}`))
  .concat([
    "/",
    "/index.html",
    "/assets/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/metrics",
    "//",
    "*",
    "http://evil.example/",
    "/api",
    "/%",
    "/%c0%af",
    "/\u00e4",
    ".",
  ]);
const QUERIES = [
  "",
  "",
  "?by=process",
  "?by=process&filter=app:x",
  "?filter=%22%22%22",
  "?filter=rate:%3E",
  "?filter=-",
  "?filter=remote:1.2.3.4/99",
  "?limit=99999999999999999999",
  "?limit=1e3&offset=-0",
  "?sort=rtt&reverse=true",
  "?by=remote",
  "?after=0",
  "?after=NaN",
  "?%",
  "?__proto__=1",
  "?by=application&by=process",
];
const BODIES = [
  "",
  "",
  "",
  '{"code":"x"}',
  '{"name":"x"}',
  '{"code":',
  "null",
  '{"__proto__":{"a":1}}',
  `{"code":"${"A".repeat(5_000)}"}`,
  "\u0000\u00ff",
  '5\r\n{"co\r\n0\r\n\r\n',
];

function mutate(random: Random, bytes: string): string {
  const at = random(bytes.length + 1);
  const length = random(8);
  switch (random(6)) {
    case 0:
      return bytes.slice(0, at) + bytes.slice(at + length);
    case 1:
      return bytes.slice(0, at) + randomBytes(random, length) + bytes.slice(at);
    case 2:
      return bytes.slice(0, at) + bytes.slice(at, at + 40).repeat(random(60)) + bytes.slice(at);
    case 3:
      return bytes.slice(0, at) + randomBytes(random, length) + bytes.slice(at + length);
    case 4:
      return bytes.slice(0, at);
    default:
      return (
        bytes.slice(0, at) +
        ["\r\n", "\n", "\r", "\0", " ", ":", "%00", "%2f"][random(8)] +
        bytes.slice(at)
      );
  }
}

function randomBytes(random: Random, length: number): string {
  return String.fromCharCode(...Array.from({ length }, () => random(256)));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  const requests = Number(process.argv[2] ?? 100_000);
  const seed = Number(process.argv[3] ?? 1);
  const result = await fuzz(requests, seed);
  console.log(JSON.stringify(result, undefined, 2));
  if (result.failures.length > 0 || result.bugs.length > 0) process.exitCode = 1;
}
