// Real programs connect to a listener of ours; what they send first is read for the name they were given.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { observed } from "../../src/names/captures.ts";
import { FlowNames } from "../../src/names/flow-names.ts";

const TIMEOUT_MS = 20_000;

const PYTHON = `
import socket, ssl, sys
tls = ssl.create_default_context()
tls.set_alpn_protocols(["imap"])
tls.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="python.example")
`;

interface Client {
  readonly program: string;
  readonly arguments: (port: number) => string[];
  readonly name: string;
  readonly spoken: string;
  readonly inside?: string;
}

const CLIENTS: readonly Client[] = [
  {
    program: "openssl",
    arguments: (port) => [
      "s_client",
      "-connect",
      `127.0.0.1:${port}`,
      "-servername",
      "openssl.example",
    ],
    name: "openssl.example",
    spoken: "tls",
  },
  {
    program: "openssl",
    arguments: (port) => [
      "s_client",
      "-tls1_2",
      "-connect",
      `127.0.0.1:${port}`,
      "-servername",
      "old.example",
      "-alpn",
      "h2",
    ],
    name: "old.example",
    spoken: "tls",
    inside: "h2",
  },
  {
    program: "curl",
    arguments: (port) => ["-sk", "--connect-to", `::127.0.0.1:${port}`, "https://curl.example/"],
    name: "curl.example",
    spoken: "tls",
  },
  {
    program: "curl",
    arguments: (port) => ["-s", "--connect-to", `::127.0.0.1:${port}`, "http://Plain.Example/"],
    name: "plain.example",
    spoken: "http",
  },
  {
    program: "python3",
    arguments: (port) => ["-c", PYTHON, String(port)],
    name: "python.example",
    spoken: "tls",
    inside: "imap",
  },
  {
    program: process.execPath,
    arguments: (port) => [
      "-e",
      `require("tls").connect({ host: "127.0.0.1", port: ${port}, servername: "node.example" })`,
    ],
    name: "node.example",
    spoken: "tls",
  },
];

for (const client of CLIENTS) {
  const { program, name, spoken, inside } = client;
  const skip = hasProgram(program) ? false : `${program} is not installed`;
  test(`FlowNames reads ${name} from what ${program} sends`, {
    skip,
    timeout: TIMEOUT_MS,
  }, async () => {
    const bytes = await firstBytes(client);
    const facts = new FlowNames().observe(
      observed({ bytes: bytes.subarray(0, 2048), payloadBytes: bytes.length }),
    );
    assert.deepEqual(
      [facts?.name?.name, facts?.spoken?.name, facts?.spoken?.inside],
      [name, spoken, inside],
    );
  });
}

/** openssl knows no --version, but says so itself. */
function hasProgram(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined;
}

/** What the client sends before it is answered. */
async function firstBytes({ program, arguments: of }: Client): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const child = spawn(program, of(port), { stdio: ["pipe", "ignore", "ignore"] });
  try {
    const [socket] = await once(server, "connection");
    const [bytes] = await once(socket, "data");
    socket.destroy();
    return bytes;
  } finally {
    child.kill("SIGKILL");
    server.close();
  }
}
