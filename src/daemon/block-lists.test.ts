// Lists in real files and behind a real https server: read anew when they change, refused where they are no lists.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { MAX_LIST_BYTES } from "../alerts/block-list.ts";
import { createBlockLists } from "./block-lists.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-lists-"));
after(() => rmSync(folder, { recursive: true }));
const log = { info() {}, warnOnce() {} };

/** Wants the list at this time, and waits until it was read or refused. */
async function want(lists: ReturnType<typeof createBlockLists>, list: string, atMs: number) {
  lists.want([list], atMs);
  for (let n = 0; n < 400; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (lists.match(list) !== undefined || lists.trouble(list) !== undefined) break;
  }
  return { match: lists.match(list), trouble: lists.trouble(list) ?? "" };
}

test("want() reads a file, and again when it has changed; without it the last one holds and it is said", async () => {
  const path = join(folder, "list");
  writeFileSync(path, "192.0.2.1\n");
  const lists = createBlockLists(log);
  const { match, trouble } = await want(lists, path, 0);
  assert.deepEqual([match?.("192.0.2.1", ""), trouble], ["192.0.2.1", ""]);
  writeFileSync(path, "192.0.2.1\nbad.example\n");
  lists.want([path], 29_999);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(lists.match(path)?.("", "bad.example"), undefined, "not yet");
  lists.want([path], 30_000);
  for (let n = 0; n < 400 && lists.match(path)?.("", "bad.example") === undefined; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(lists.match(path)?.("", "bad.example"), "bad.example");
  unlinkSync(path);
  lists.want([path], 60_000);
  for (let n = 0; n < 400 && lists.trouble(path) === undefined; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.match(lists.troubles().join(), /Cannot read the block list .*ENOENT/);
  assert.equal(lists.match(path)?.("192.0.2.1", ""), "192.0.2.1");
  lists.want([], 60_001);
  assert.deepEqual([lists.match(path), lists.troubles()], [undefined, []], "forgotten");
});

test("want() refuses folders, pipes, devices and what is too long, and waits for none of them", async () => {
  const long = join(folder, "long");
  writeFileSync(long, "");
  truncateSync(long, MAX_LIST_BYTES + 1);
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  mkdirSync(join(folder, "folder"));
  const empty = join(folder, "empty");
  writeFileSync(empty, "# nothing\n");
  for (const [path, words] of [
    [long, /larger than 32000000 bytes/],
    [pipe, /it is no file/],
    ["/dev/zero", /it is no file/],
    [join(folder, "folder"), /it is no file/],
    [empty, /has no entry/],
  ] as const) {
    const { trouble } = await want(createBlockLists(log), path, 0);
    assert.match(trouble, words, path);
  }
});

test("want() fetches over https with a verified certificate, cuts what never ends, and follows nobody to a plain address", async () => {
  const pair = selfSigned();
  const server = createServer(pair, (request, response) => {
    if (request.url === "/list") response.end("bad.example\n");
    else if (request.url === "/plain") {
      response.writeHead(302, { location: "http://127.0.0.1:9/list" }).end();
    } else if (request.url === "/endless") {
      const more = () => {
        while (!response.destroyed && response.write("x.example\n".repeat(100_000)));
      };
      response.on("drain", more);
      more();
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const at = (path: string) => `https://localhost:${port}${path}`;
  const usual = getCACertificates("default");
  try {
    const { trouble } = await want(createBlockLists(log), at("/list"), 0);
    assert.match(trouble, /Cannot read the block list/, "nobody vouches for it");
    setDefaultCACertificates([...usual, pair.cert]);
    const lists = createBlockLists(log);
    assert.equal((await want(lists, at("/list"), 0)).match?.("", "bad.example"), "bad.example");
    assert.equal((await lists.read(at("/list")))("", "x"), undefined);
    assert.match((await want(createBlockLists(log), at("/none"), 0)).trouble, /answered 404/);
    const plain = await want(createBlockLists(log), at("/plain"), 0);
    assert.match(plain.trouble, /Cannot read/);
    assert.equal(plain.match, undefined);
    const endless = await want(createBlockLists(log), at("/endless"), 0);
    assert.match(endless.trouble, /longer than 32000000 bytes/);
    await assert.rejects(createBlockLists(log).read(at("/none")), {
      code: "failed",
      message: /answered 404/,
    });
  } finally {
    setDefaultCACertificates(usual);
    server.closeAllConnections();
    server.close();
  }
});

function selfSigned(): { key: string; cert: string } {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const args = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "3650",
  ];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      ...args,
      "-keyout",
      key,
      "-out",
      cert,
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost",
    ],
    { stdio: "pipe" },
  );
  const read = (path: string) => execFileSync("cat", [path], { encoding: "utf8" });
  return { key: read(key), cert: read(cert) };
}
