// A Postfix of its own, with TLS and logins, on loopback ports: its configuration, queue and mailboxes are in one folder.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyPair } from "../fixtures/certificates.ts";

export interface Postfix extends AsyncDisposable {
  /** Where it offers STARTTLS. */
  readonly port: number;
  /** Where it begins with TLS. */
  readonly tlsPort: number;
  readonly user: string;
  readonly password: string;
  /** What arrived in the mailbox, once `count` messages are there. */
  mails(count: number): Promise<string[]>;
  log(): string;
}

/** What is not installed; undefined: nothing. */
export function lacksPostfix(): string | undefined {
  if (process.geteuid?.() !== 0) return "needs root";
  const missing = ["postfix", "dovecot", "openssl"].filter(
    (name) => spawnSync("sh", ["-c", `PATH=$PATH:/usr/sbin:/sbin command -v ${name}`]).status !== 0,
  );
  return missing.length === 0 ? undefined : `needs ${missing.join(", ")}`;
}

export async function startPostfix({ key, cert }: KeyPair, extra = ""): Promise<Postfix> {
  const folder = mkdtempSync(join(tmpdir(), "monitauri-postfix-"));
  chmodSync(folder, 0o755);
  const at = (name: string) => join(folder, name);
  for (const name of ["config", "queue", "data", "mail", "sasl", "run"])
    mkdirSync(at(name), { mode: 0o755 });
  chownSync(at("data"), idOf("-u", "postfix"), idOf("-g", "postfix"));
  chownSync(at("mail"), 65_534, 65_534);
  writeFileSync(at("config/key.pem"), key, { mode: 0o600 });
  writeFileSync(at("config/cert.pem"), cert);
  const [port, tlsPort] = [await freePort(), await freePort()];
  const [user, password] = ["monitor@example.org", "a real password 1"];
  writeFileSync(at("config/main.cf"), mainConfig(folder) + extra);
  writeFileSync(at("config/master.cf"), masterConfig(port, tlsPort));
  writeFileSync(at("sasl/users"), `${user}:{PLAIN}${password}:::::\n`, { mode: 0o644 });
  writeFileSync(at("sasl/dovecot.conf"), saslConfig(folder));

  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
  const stdio = ["ignore", "pipe", "pipe"] as const;
  // Logins are Dovecot's, as on most servers; the folder of the socket is made before Postfix makes the others.
  mkdirSync(at("queue/private"), { mode: 0o700 });
  chownSync(at("queue/private"), idOf("-u", "postfix"), 0);
  const logins = spawn("dovecot", ["-F", "-c", at("sasl/dovecot.conf")], {
    env,
    stdio: [...stdio],
  });
  const child = spawn("postfix", ["-c", at("config"), "start-fg"], { env, stdio: [...stdio] });
  let said = "";
  for (const stream of [child.stdout, child.stderr, logins.stdout, logins.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const ended = Promise.all([once(child, "close"), once(logins, "close")]);
  const log = () => said + (existsSync(at("log")) ? readFileSync(at("log"), "utf8") : "");
  async function stop(): Promise<void> {
    // Its master is this child or a child of it, and tells its own servers.
    spawnSync("postfix", ["-c", at("config"), "stop"], { env, timeout: 10_000 });
    child.kill("SIGTERM");
    logins.kill("SIGTERM");
    const timer = setTimeout(() => logins.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    for (const each of [port, tlsPort]) await answers(each, () => child.exitCode === null, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port,
    tlsPort,
    user,
    password,
    log,
    async mails(count) {
      const box = at("mail/box/new");
      const endMs = performance.now() + 20_000;
      for (;;) {
        const names = existsSync(box) ? readdirSync(box) : [];
        if (names.length >= count)
          return names.map((name) => readFileSync(join(box, name), "utf8"));
        if (performance.now() > endMs) throw new Error(`only ${names.length} mails:\n${log()}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    [Symbol.asyncDispose]: stop,
  };
}

function idOf(option: "-u" | "-g", name: string): number {
  return Number(execFileSync("id", [option, name], { encoding: "utf8" }));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(port: number, isAlive: () => boolean, log: () => string): Promise<void> {
  for (let tries = 0; tries < 200 && isAlive(); tries += 1) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () =>
        resolve(false),
      );
      socket.once("close", () => resolve(false));
      setTimeout(() => socket.destroy(), 100);
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Postfix does not answer:\n${log()}`);
}

function mainConfig(folder: string): string {
  return `
compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
maillog_file_prefixes = ${folder}
maillog_file = ${folder}/log
myhostname = mail.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
virtual_mailbox_domains = example.org
virtual_mailbox_base = ${folder}/mail
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
smtpd_tls_cert_file = ${folder}/config/cert.pem
smtpd_tls_key_file = ${folder}/config/key.pem
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_mandatory_protocols = >=TLSv1.2
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
`;
}

function masterConfig(port: number, tlsPort: number): string {
  // Two have their sockets where everybody may reach them; the last step writes mailboxes as their owner.
  const unix = (name: string, program: string, wake = "-", most = "-") => {
    const isPublic = name === "cleanup" || name === "qmgr";
    const isRoot = name === "virtual";
    return `${name} unix ${isPublic ? "n" : "-"} ${isRoot ? "n" : "-"} n ${wake} ${most} ${program}`;
  };
  return `${[
    `127.0.0.1:${port} inet n - n - - smtpd`,
    `127.0.0.1:${tlsPort} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes`,
    unix("cleanup", "cleanup", "-", "0"),
    unix("qmgr", "qmgr", "300", "1"),
    unix("rewrite", "trivial-rewrite"),
    unix("bounce", "bounce", "-", "0"),
    unix("defer", "bounce", "-", "0"),
    unix("trace", "bounce", "-", "0"),
    unix("error", "error"),
    unix("retry", "error"),
    unix("virtual", "virtual"),
    unix("tlsmgr", "tlsmgr", "1000?", "1"),
    unix("anvil", "anvil", "-", "1"),
    unix("proxymap", "proxymap"),
    "postlog unix-dgram n - n - 1 postlogd",
  ].join("\n")}\n`;
}

function saslConfig(folder: string): string {
  return `
base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = /dev/stderr
protocols =
ssl = no
auth_mechanisms = plain login
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = ${folder}/sasl/users
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}
service auth {
  unix_listener ${folder}/queue/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0600
  }
}
`;
}
