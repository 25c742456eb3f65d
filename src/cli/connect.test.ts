// Which socket is asked, and what is said when none answers; real sockets.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connectDaemon } from "./connect.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const none = join(folder, "none.sock");
const file = join(folder, "file.sock");
const served = join(folder, "served.sock");
let server: Server;

before(async () => {
  writeFileSync(file, "");
  server = createServer((request, response) => {
    if (request.url === "/api/v1/status") response.end('{"pid":7}');
    else if (request.url === "/api/v1/doctor") response.end("<html>");
    else request.socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(served, resolve));
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test("connectDaemon() asks the first that answers", async () => {
  assert.equal((await connectDaemon([none, file, served]).status()).pid, 7);
});

test("connectDaemon() says where it looked", async () => {
  await assert.rejects(connectDaemon([none, file]).status(), {
    code: "unreachable",
    message: new RegExp(`nothing answers at ${none} or ${file}\\. Start one: `),
  });
});

test("connectDaemon() tells a daemon that breaks off from one that is not there", async () => {
  await assert.rejects(connectDaemon([served]).ps(), { code: "failed", message: /Cannot ask/ });
  await assert.rejects(connectDaemon([served]).doctor(), { message: /is no JSON/ });
});
