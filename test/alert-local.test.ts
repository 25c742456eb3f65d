// Commands, the system's log and desktops, with real programs and sockets.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { createCommandSender } from "../src/alerts/deliver/command-sender.ts";
import { createDesktopSender } from "../src/alerts/deliver/desktop-sender.ts";
import { alertMessage } from "../src/alerts/deliver/scripted-message.ts";
import type { Sender, SendOutcome } from "../src/alerts/deliver/sender.ts";
import { createSyslogSender } from "../src/alerts/deliver/syslog-sender.ts";
import { createDeliverySystem } from "../src/daemon/delivery-system.ts";
import { makeCertificates } from "./fixtures/certificates.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-local-"));
chmodSync(folder, 0o755);
after(() => rmSync(folder, { recursive: true }));
const uid = process.geteuid?.() ?? 0;
const notRoot = uid === 0 ? false : "needs root";
const hasPython = spawnSync("python3", ["-c", ""]).status === 0;

function systemWith(commandUsers: string[] = [], env = {}) {
  return createDeliverySystem({ uid, env, commandUsers: () => commandUsers });
}

function sendWith(sender: Sender, message = alertMessage("one")): Promise<SendOutcome> {
  return sender.send(message, { begin: async () => {}, signal: new AbortController().signal });
}

function saidBy(outcome: SendOutcome): string {
  return outcome.kind === "delivered" ? outcome.said : outcome.trouble.said;
}

function script(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return path;
}

const command = (argv: string[], user = "", system = systemWith()) =>
  createCommandSender({ kind: "command", command: argv, user }, system);

test("a command gets its arguments as they are, the alert as JSON, and no variable of ours", async () => {
  const out = join(folder, "seen");
  writeFileSync(out, "");
  chmodSync(out, 0o666);
  const program = script(
    "see",
    `{ for each in "$@"; do echo "arg $each"; done; env; cat; } > ${out}`,
  );
  process.env.MONITAURI_TEST_SECRET = "hunter2";
  const evil = "$(touch /tmp/pwned); `id` \"'";
  const outcome = await sendWith(
    command([program, "--to", "a b; $HOME", "*"]),
    alertMessage("one", { title: evil }),
  );
  delete process.env.MONITAURI_TEST_SECRET;
  assert.equal(outcome.kind, "delivered", saidBy(outcome));
  const seen = readFileSync(out, "utf8");
  assert.match(seen, /^arg --to\narg a b; \$HOME\narg \*\n/);
  assert.ok(seen.includes(`MONITAURI_ALERT_TITLE=${evil}\n`));
  assert.doesNotMatch(seen, /hunter2|^HOME=/m);
  assert.equal(JSON.parse(seen.slice(seen.indexOf("\n{"))).title, evil);
});

test("a command of root's daemon runs as nobody, and as others only where the configuration says so", {
  skip: notRoot,
}, async () => {
  const program = script("who", "id -un >&2; exit 7");
  assert.match(saidBy(await sendWith(command([program]))), /exit code 7: nobody$/);
  const refused = await sendWith(command([program], "root"));
  assert.match(saidBy(refused), /config.toml does not allow it/);
  assert.throws(() => systemWith().checkCommand(program, "root"), { code: "forbidden" });
  const allowed = await sendWith(command([program], "root", systemWith(["root"])));
  assert.match(saidBy(allowed), /exit code 7: root$/);
});

test("a command that others can change, that is missing or that hangs is not taken for delivered", {
  skip: notRoot,
}, async () => {
  const open = script("open", "exit 0");
  chmodSync(open, 0o777);
  assert.match(saidBy(await sendWith(command([open]))), /can be changed by other users/);
  const openFolder = join(folder, "open-folder");
  mkdirSync(join(openFolder, "inner"), { recursive: true });
  chmodSync(openFolder, 0o777);
  const inner = script("open-folder/inner/run", "exit 0");
  const link = join(folder, "link");
  symlinkSync(inner, link);
  for (const path of [inner, link]) {
    assert.match(saidBy(await sendWith(command([path]))), /open-folder can be changed by other/);
  }
  assert.match(saidBy(await sendWith(command([join(folder, "none")]))), /does not exist/);
  const loud = script("loud", "yes | head -c 5000000; exit 1");
  assert.ok(saidBy(await sendWith(command([loud]))).length < 600);
  const hanging = script("hang", "sleep 62 & sleep 62");
  const startedMs = performance.now();
  const sender = createCommandSender(
    { kind: "command", command: [hanging], user: "" },
    systemWith(),
    { timeoutMs: 200 },
  );
  assert.match(saidBy(await sendWith(sender)), /ended by SIGKILL/);
  const stopped = await command([hanging]).send(alertMessage("one"), {
    begin: async () => {},
    signal: AbortSignal.timeout(200),
  });
  assert.match(saidBy(stopped), /ended by SIGKILL/);
  assert.ok(performance.now() - startedMs < 10_000);
});

test("a command behind a link is run where the link led when it was checked, under the link's name", async () => {
  const real = script("real", 'echo "$0"; exit 7');
  const link = join(folder, "named");
  symlinkSync(real, link);
  assert.match(saidBy(await sendWith(command([link]))), new RegExp(`exit code 7: ${real}$`));
  const shell = join(folder, "shell");
  symlinkSync("/bin/sh", shell);
  const named = await sendWith(command([shell, "-c", 'echo "$0"; exit 7']));
  assert.match(saidBy(named), new RegExp(`exit code 7: ${shell}$`));
});

/** A datagram socket in the file system, which Node cannot make. */
async function unixReceiver(
  path: string,
): Promise<{ next: () => Promise<Buffer>; stop: () => void }> {
  const child = spawn("python3", ["-c", RECEIVER, path], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => Buffer.from((await lines.next()).value ?? "", "base64");
  await next();
  return { next, stop: () => child.kill() };
}

const RECEIVER = `
import base64, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("", flush=True)
while True:
    print(base64.b64encode(s.recv(65536)).decode(), flush=True)
`;

const syslog = (changes: object, more: object = {}) =>
  createSyslogSender({
    target: { kind: "syslog", protocol: "local", host: "", port: 514, ...changes },
    system: systemWith(),
    host: "box one",
    pid: 42,
    ...more,
  });

test("the local log gets one RFC 5424 message, whatever a title holds", {
  skip: !hasPython,
}, async () => {
  const path = join(folder, "log");
  const receiver = await unixReceiver(path);
  const sender = syslog({}, { journal: "/nonexistent", sockets: [path] });
  const outcome = await sendWith(
    sender,
    alertMessage("one", { title: 'evil\n<0>1 - x "] \\', text: "" }),
  );
  assert.equal(outcome.kind, "delivered", saidBy(outcome));
  const text = (await receiver.next()).toString("utf8");
  receiver.stop();
  assert.equal(
    text,
    '<28>1 2026-11-25T12:00:00.000Z boxone monitauri 42 ALERT [alert@32473 id="one" kind="rate" state="ongoing" count="1"] \ufeffevil\\x0a<0>1 - x "] \\',
  );
});

test("the journal gets fields, and a value cannot begin another", {
  skip: !hasPython,
}, async () => {
  const path = join(folder, "journal");
  const receiver = await unixReceiver(path);
  const outcome = await sendWith(
    syslog({}, { journal: path }),
    alertMessage("one", { text: "a\nPRIORITY=0\nb" }),
  );
  assert.equal(outcome.kind, "delivered", saidBy(outcome));
  const bytes = await receiver.next();
  receiver.stop();
  const fields = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    const length = Number(bytes.readBigUInt64LE(end + 1));
    fields.set(bytes.toString("utf8", at, end), bytes.toString("utf8", end + 9, end + 9 + length));
    assert.equal(bytes[end + 9 + length], 10);
    at = end + 10 + length;
  }
  assert.equal(fields.get("PRIORITY"), "4");
  assert.equal(fields.get("MONITAURI_ALERT_TEXT"), "a\nPRIORITY=0\nb");
  assert.equal(fields.get("SYSLOG_IDENTIFIER"), "monitauri");
});

test("without a log socket it is said", async () => {
  const outcome = await sendWith(syslog({}, { journal: "/nonexistent", sockets: [] }));
  assert.equal(outcome.kind, "later");
  assert.match(saidBy(outcome), /no log socket/);
});

test("syslog servers get frames over UDP, TCP and TLS, and only with a certificate that fits", async () => {
  const udp = createSocket("udp4");
  await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
  const datagram = new Promise<string>((resolve) =>
    udp.once("message", (bytes) => resolve(bytes.toString("utf8"))),
  );
  const sent = await sendWith(
    syslog({ protocol: "udp", host: "127.0.0.1", port: udp.address().port }),
  );
  assert.equal(sent.kind, "delivered");
  assert.match(await datagram, /^<28>1 /);
  udp.close();

  const frames: string[] = [];
  const tcp = createServer((socket) =>
    socket.on("data", (bytes) => frames.push(bytes.toString("utf8"))),
  );
  await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
  const overTcp = await sendWith(
    syslog({ protocol: "tcp", host: "127.0.0.1", port: (tcp.address() as AddressInfo).port }),
  );
  assert.equal(overTcp.kind, "delivered", saidBy(overTcp));
  await new Promise((resolve) => tcp.close(resolve));
  const [, length = "", message = ""] = /^(\d+) ([^]*)$/.exec(frames.join("")) ?? [];
  assert.equal(Buffer.byteLength(message), Number(length));

  using certificates = makeCertificates();
  if (certificates === undefined) return;
  const tls = createTlsServer(certificates.good, (socket) =>
    socket.on("data", (bytes) => frames.push(bytes.toString("utf8"))),
  );
  tls.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => tls.listen(0, "127.0.0.1", resolve));
  const port = (tls.address() as AddressInfo).port;
  const unknown = await sendWith(syslog({ protocol: "tls", host: "localhost", port }));
  assert.equal(unknown.kind, "later");
  const known = await sendWith(
    syslog({ protocol: "tls", host: "localhost", port }, { ca: certificates.ca }),
  );
  assert.equal(known.kind, "delivered", saidBy(known));
  await new Promise((resolve) => tls.close(resolve));
});

test("a syslog server that resets the connection has no message", async () => {
  for (const when of ["connection", "data"] as const) {
    const reset = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("close", () => reset.resolve());
      if (when === "connection") socket.resetAndDestroy();
      else socket.once("data", () => socket.resetAndDestroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const outcome = await syslog({ protocol: "tcp", host: "127.0.0.1", port }).send(
      alertMessage("one"),
      {
        // Until then the reset is on its way, or the message is not.
        begin: () => (when === "connection" ? reset.promise : Promise.resolve()),
        signal: new AbortController().signal,
      },
    );
    await new Promise((resolve) => server.close(resolve));
    assert.equal(outcome.kind, "later", `${when}: ${saidBy(outcome)}`);
  }
});

test("a desktop shows title and text as text, through a real notify-send and bus", {
  skip:
    missing("dbus-run-session", "notify-send", "python3") ??
    (existsSync("/usr/lib/python3/dist-packages/gi") ? false : "needs python3-gi"),
}, async () => {
  // In a session of its own, so that no desktop of whoever runs the tests shows it.
  const { status, stdout, stderr } = spawnSync(
    "dbus-run-session",
    ["--", process.execPath, join(import.meta.dirname, "fixtures", "notify-session.ts")],
    { encoding: "utf8", timeout: 30_000 },
  );
  assert.equal(status, 0, stderr);
  const [outcome, note] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(outcome.kind, "delivered", JSON.stringify(outcome));
  assert.equal(note.app, "Monitauri");
  assert.equal(note.title, "--help <b>");
  assert.match(note.body, /Alerts page/);
  assert.doesNotMatch(
    stdout,
    /secret\.example/,
    "only the title can be read in the list of processes",
  );
});

test("root's daemon shows alerts to nobody who was not named or started it", async () => {
  const asRoot = (env = {}) => createDeliverySystem({ uid: 0, env, commandUsers: () => [] });
  assert.throws(() => asRoot().desktopUser(""), { code: "invalid", message: /Say whose desktop/ });
  assert.throws(() => asRoot({ SUDO_USER: "root" }).desktopUser(""), { code: "invalid" });
  assert.equal(asRoot({ SUDO_USER: "ada" }).desktopUser(""), "ada");
  assert.equal(asRoot({ SUDO_USER: "ada" }).desktopUser("eve"), "eve");
  const own = createDeliverySystem({ uid: 1_000, env: {}, commandUsers: () => [] });
  assert.equal(own.desktopUser(""), "");
  const shown: string[] = [];
  const system = {
    ...asRoot(),
    desktops: () => ["ada", "eve"].map((user) => ({ user, env: {} })),
    notify: async ({ user }: { user: string }) => {
      shown.push(user);
      return { exitCode: 0, stdout: "", stderr: "" };
    },
  };
  const everybody = await sendWith(createDesktopSender({ kind: "desktop", user: "" }, system));
  assert.equal(everybody.kind, "failed");
  assert.match(saidBy(everybody), /Say whose desktop/);
  await sendWith(createDesktopSender({ kind: "desktop", user: "eve" }, system));
  assert.deepEqual(shown, ["eve"]);
});

test("nobody at a screen is no reason to try again", async () => {
  const outcome = await sendWith(
    createDesktopSender({ kind: "desktop", user: "no-such-user" }, systemWith()),
  );
  assert.equal(outcome.kind, "failed");
  assert.match(saidBy(outcome), /no-such-user is not logged in/);
});

function missing(...programs: string[]): string | undefined {
  const lacking = programs.filter(
    (name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0,
  );
  return lacking.length === 0 ? undefined : `needs ${lacking.join(", ")}`;
}
