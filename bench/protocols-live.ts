// Whether real clients and servers of this machine are recognised: each pair talks through a relay on loopback that
// keeps the first bytes of both directions. What is not installed is named and left out.
// node bench/protocols-live.ts [--fixtures]
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { spokenProtocol } from "../src/names/protocol.ts";
import { parseServices } from "../src/names/services.ts";

interface Pair {
  readonly wanted: string;
  readonly what: string;
  readonly needs: readonly string[];
  /** Arguments of the server that listens on a port of loopback. */
  readonly server: (port: number) => readonly string[];
  readonly client: (port: number) => readonly string[];
  readonly uid?: number;
  /** Over UDP; the server answers over TCP too, which says that it is there. */
  readonly isUdp?: boolean;
}

const folder = mkdtempSync(join(tmpdir(), "protocols-"));
const NOBODY = 65_534;
const [initdb = "/usr/lib/postgresql/bin/initdb"] = globSync("/usr/lib/postgresql/*/bin/initdb");
const postgres = join(initdb, "../postgres");
const at = (name: string) => join(folder, name);
const pythonServer = (port: number) => [
  ..."python3 -m http.server --bind 127.0.0.1 --directory".split(" "),
  at("repository"),
  `${port}`,
];

const TLS = [
  "openssl",
  "s_server",
  "-quiet",
  "-cert",
  at("cert.pem"),
  "-key",
  at("key.pem"),
  "-www",
];
const CURL = ["curl", "-sk", "--max-time", "3"];
const PAIRS: readonly Pair[] = [
  {
    wanted: "ssh",
    what: "OpenSSH",
    needs: ["/usr/sbin/sshd", "ssh", "ssh-keygen"],
    server: (port) => [
      "/usr/sbin/sshd",
      "-D",
      "-f",
      "/dev/null",
      "-h",
      at("host"),
      "-o",
      `ListenAddress=127.0.0.1:${port}`,
      "-o",
      "PidFile=none",
    ],
    client: (port) => [
      "ssh",
      "-F",
      "none",
      "-p",
      `${port}`,
      "-o",
      "BatchMode=yes",
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      "UserKnownHostsFile=/dev/null",
      "127.0.0.1",
      "true",
    ],
  },
  {
    wanted: "redis",
    what: "Redis",
    needs: ["redis-server", "redis-cli"],
    server: (port) => [
      "redis-server",
      "--bind",
      "127.0.0.1",
      "--port",
      `${port}`,
      "--save",
      "",
      "--dir",
      folder,
    ],
    client: (port) => ["redis-cli", "-p", `${port}`, "GET", "x"],
  },
  {
    wanted: "postgresql",
    what: "PostgreSQL",
    needs: ["psql", initdb],
    server: (port) => [postgres, "-D", at("pg"), "-h", "127.0.0.1", "-p", `${port}`, "-k", ""],
    client: (port) => [
      "psql",
      "-h",
      "127.0.0.1",
      "-p",
      `${port}`,
      "-U",
      "nobody",
      "-c",
      "select 1",
      "postgres",
    ],
    uid: NOBODY,
  },
  {
    wanted: "git",
    what: "Git",
    needs: ["git"],
    server: (port) => [
      "git",
      "daemon",
      "--listen=127.0.0.1",
      `--port=${port}`,
      `--base-path=${folder}`,
      "--export-all",
    ],
    client: (port) => ["git", "ls-remote", `git://127.0.0.1:${port}/repository`],
  },
  {
    wanted: "http",
    what: "curl and Python",
    needs: ["curl", "python3"],
    server: pythonServer,
    client: (port) => [...CURL, `http://127.0.0.1:${port}/`],
  },
  {
    wanted: "http2",
    what: "curl with prior knowledge, and Python",
    needs: ["curl", "python3"],
    server: pythonServer,
    client: (port) => [...CURL, "--http2-prior-knowledge", `http://127.0.0.1:${port}/`],
  },
  ...["-tls1_2", "-tls1_3"].map(
    (version): Pair => ({
      wanted: "tls",
      what: `curl and OpenSSL ${version}`,
      needs: ["curl", "openssl"],
      server: (port) => [...TLS, version, "-accept", `127.0.0.1:${port}`],
      client: (port) => [...CURL, `https://127.0.0.1:${port}/`],
    }),
  ),
  {
    wanted: "smtp",
    what: "curl sending mail to Python",
    needs: ["curl", "python3"],
    server: (port) => [
      "python3",
      "-W",
      "ignore",
      "-c",
      `import asyncore,smtpd;s=smtpd.DebuggingServer(('127.0.0.1',${port}),None);asyncore.loop()`,
    ],
    client: (port) => [
      ...CURL,
      "--mail-from",
      "a@example.org",
      "--mail-rcpt",
      "b@example.org",
      "-T",
      "/dev/null",
      `smtp://127.0.0.1:${port}`,
    ],
  },
  {
    wanted: "mqtt",
    what: "Mosquitto",
    needs: ["mosquitto", "mosquitto_pub"],
    server: (port) => ["mosquitto", "-p", `${port}`],
    client: (port) => ["mosquitto_pub", "-h", "127.0.0.1", "-p", `${port}`, "-t", "a", "-m", "b"],
  },
  {
    wanted: "http",
    what: "nginx and curl",
    needs: ["nginx", "curl"],
    server: (port) => nginx(port, ""),
    client: (port) => [...CURL, `http://127.0.0.1:${port}/`],
  },
  {
    wanted: "tls",
    what: "nginx with HTTP/2 and curl",
    needs: ["nginx", "curl"],
    server: (port) => nginx(port, "ssl http2"),
    client: (port) => [...CURL, `https://127.0.0.1:${port}/`],
  },
  {
    wanted: "tls",
    what: "nginx with HTTP/2 and Chromium",
    needs: ["nginx", "chromium"],
    server: (port) => nginx(port, "ssl http2"),
    client: (port) => [
      ..."chromium --headless=new --no-sandbox --disable-gpu --ignore-certificate-errors".split(
        " ",
      ),
      `--user-data-dir=${at("chromium")}`,
      "--dump-dom",
      `https://127.0.0.1:${port}/`,
    ],
  },
  ...["+tcp", "+notcp"].map(
    (way): Pair => ({
      wanted: "dns",
      what: `dnsmasq and dig ${way}`,
      needs: ["dnsmasq", "dig"],
      isUdp: way === "+notcp",
      server: (port) => [
        ..."dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts".split(" "),
        ..."--listen-address=127.0.0.1 --bind-interfaces --user=root --pid-file".split(" "),
        "--address=/host.test/192.0.2.1",
        `--port=${port}`,
      ],
      client: (port) => ["dig", "@127.0.0.1", "-p", `${port}`, way, "+tries=1", "host.test"],
    }),
  ),
];

function nginx(port: number, how: string): readonly string[] {
  const certificate = `ssl_certificate ${at("cert.pem")}; ssl_certificate_key ${at("key.pem")};`;
  const server = `listen 127.0.0.1:${port} ${how}; ${how === "" ? "" : certificate} return 200 hello;`;
  const file = at(`nginx-${port}.conf`);
  const main = `daemon off; pid ${at("nginx.pid")}; error_log /dev/null; events {}`;
  writeFileSync(file, `${main} http { access_log off; server { ${server} } }`);
  return ["nginx", "-p", folder, "-c", file];
}

const services = parseServices("");
const fixtures: string[] = [];
try {
  prepare();
  for (const pair of PAIRS) {
    const missing = pair.needs.find(
      (name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0,
    );
    console.log(
      `${pair.wanted.padEnd(12)} ${pair.what.padEnd(40)} ${missing ? `skipped: no ${missing}` : await verdict(pair)}`,
    );
  }
  if (process.argv.includes("--fixtures")) console.log(fixtures.join("\n"));
} finally {
  rmSync(folder, { recursive: true });
}

function prepare(): void {
  mkdirSync(at("repository"));
  mkdirSync("/run/sshd", { recursive: true });
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=example.org";
  for (const command of [
    ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at("host")],
    ["git", "init", "-q", "--bare", at("repository")],
    `openssl req -x509 ${key} -keyout ${at("key.pem")} -out ${at("cert.pem")}`.split(" "),
  ]) {
    spawnSync(command[0] ?? "", command.slice(1), { stdio: "ignore" });
  }
  if (!existsSync(initdb)) return;
  chownSync(folder, NOBODY, NOBODY);
  spawnSync(initdb, ["-A", "trust", "-U", "nobody", "-D", at("pg")], {
    stdio: "ignore",
    uid: NOBODY,
    timeout: 60_000,
  });
}

async function verdict(pair: Pair): Promise<string> {
  const port = await freePort();
  const server = start(pair.server(port), pair.uid);
  try {
    if (!(await answers(port))) return "the server did not start";
    const seen = await (pair.isUdp ? relayedDatagrams(pair, port) : relayed(pair, port));
    const protocol = pair.isUdp ? 17 : 6;
    const spoken = spokenProtocol(
      { protocol, localPort: 50_000, remotePort: 50_001, ...seen },
      services,
    );
    const cell = (bytes: Buffer | undefined) =>
      bytes ? `${bytes.length}:${bytes.subarray(0, 256).toString("hex")}` : "-";
    fixtures.push(
      `${pair.wanted} ${protocol} 50000 50001 ${cell(seen.sent)} ${cell(seen.received)} ${pair.what}`,
    );
    const side = (sent?: Buffer, received?: Buffer) =>
      spokenProtocol({ protocol, localPort: 50_000, remotePort: 50_001, sent, received }, services)
        ?.name ?? "unknown";
    return `${spoken?.name === pair.wanted ? "right" : `WRONG: ${spoken?.name}`} (sent alone: ${side(seen.sent)}, received alone: ${side(undefined, seen.received)})`;
  } finally {
    server.kill("SIGKILL");
  }
}

interface Seen {
  sent?: Buffer;
  received?: Buffer;
}

async function relayedDatagrams(pair: Pair, port: number): Promise<Seen> {
  const seen: Seen = {};
  const [relay, server] = [createSocket("udp4"), createSocket("udp4")];
  for (const socket of [relay, server]) {
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
  }
  relay.on("message", (bytes, from) => {
    seen.sent ??= bytes;
    server.once("message", (answer) => {
      seen.received ??= answer;
      relay.send(answer, from.port, from.address);
    });
    server.send(bytes, port, "127.0.0.1");
  });
  await ranToEnd(start(pair.client(relay.address().port), undefined));
  for (const socket of [relay, server]) socket.close();
  return seen;
}

async function relayed(pair: Pair, port: number): Promise<Seen> {
  const seen: Seen = {};
  const relay = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    client.on("data", (bytes) => {
      seen.sent ??= bytes as Buffer;
    });
    server.on("data", (bytes) => {
      seen.received ??= bytes as Buffer;
    });
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) socket.on("error", () => socket.destroy());
  });
  await once(relay.listen(0, "127.0.0.1"), "listening");
  await ranToEnd(start(pair.client((relay.address() as AddressInfo).port), undefined));
  relay.close();
  return seen;
}

async function ranToEnd(client: ChildProcess): Promise<void> {
  const ended = new AbortController();
  await Promise.race([
    once(client, "exit"),
    setTimeout(10_000, undefined, { signal: ended.signal }),
  ]);
  ended.abort();
  client.kill("SIGKILL");
}

function start([program = "", ...parts]: readonly string[], uid: number | undefined): ChildProcess {
  const child = spawn(program, parts, { stdio: "ignore", ...(uid === undefined ? {} : { uid }) });
  child.on("error", (error) => console.error(error.message));
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function answers(port: number): Promise<boolean> {
  for (let i = 0; i < 100; i++) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "close").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return true;
    await setTimeout(100);
  }
  return false;
}
