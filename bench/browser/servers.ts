// A name server (dnsmasq) and web servers (Caddy for HTTP/1.1 and 2, aioquic for HTTP/3) for a site, in a namespace.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { killGroup } from "../../test/e2e/generators/place.ts";
import { type End, host } from "../../test/e2e/world.ts";
import { HOSTS, writeSite } from "./site.ts";

export interface Servers extends AsyncDisposable {
  /** PEM file of the authority that signed the certificate. */
  readonly authority: string;
  /** SHA-256 of the certificate's public key, Base64. */
  readonly keyHash: string;
  /** For resolv.conf(5). */
  readonly resolver: string;
  /** What the web servers were asked so far. */
  requests(): Request[];
}

/** One request as the web server saw it. */
export interface Request {
  /** Of the client. */
  readonly port: number;
  readonly transport: "tls" | "quic";
  /** In the client's hello. */
  readonly serverName: string;
  readonly path: string;
}

/** @throws where one of both does not start. */
export async function startServers(
  at: End,
  { folder, withQuic }: { folder: string; withQuic: boolean },
): Promise<Servers> {
  writeSite(join(folder, "site"));
  const { authority, keyHash } = await makeCertificates(folder);
  const resolver = join(folder, "resolv.conf");
  writeFileSync(resolver, `nameserver ${at.ip4}\noptions timeout:1 attempts:2\n`);
  const names = join(folder, "hosts");
  const lines = Object.entries(HOSTS).map(([name, address]) => `${at.ip4s[address]} ${name}\n`);
  writeFileSync(names, lines.join(""));
  const dnsmasq = at.spawn(
    "dnsmasq",
    [
      "--keep-in-foreground",
      "--conf-file=/dev/null",
      "--no-resolv",
      "--no-hosts",
      `--addn-hosts=${names}`,
      "--local=/#/",
      `--listen-address=${at.ip4}`,
      "--bind-interfaces",
      "--user=root",
      "--pid-file",
      "--log-facility=/dev/null",
    ],
    { stdio: "inherit" },
  );
  const log = join(folder, "access.json");
  writeFileSync(log, "");
  writeFileSync(join(folder, "caddy.json"), JSON.stringify(caddyConfig(folder, log, withQuic)));
  const caddy = at.spawn("caddy", ["run", "--config", join(folder, "caddy.json")], {
    env: { XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder },
    stdio: "ignore",
  });
  const quic = withQuic
    ? at.spawn(
        "python3",
        [
          join(import.meta.dirname, "quic.py"),
          at.ip4s.join(),
          join(folder, "site"),
          join(folder, "cert.pem"),
          join(folder, "key.pem"),
          log,
        ],
        { stdio: "inherit" },
      )
    : undefined;
  const stop = async () => {
    for (const child of [caddy, dnsmasq, quic]) if (child !== undefined) killGroup(child);
  };
  try {
    await reachable(at, withQuic);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    authority,
    keyHash,
    resolver,
    requests: () => requestsIn(readFileSync(log, "utf8")),
    [Symbol.asyncDispose]: stop,
  };
}

function caddyConfig(folder: string, log: string, withQuic: boolean): object {
  const offer = withQuic
    ? [{ handler: "headers", response: { set: { "Alt-Svc": ['h3=":443"; ma=3600'] } } }]
    : [];
  return {
    admin: { disabled: true },
    logging: {
      logs: {
        default: { level: "ERROR" },
        access: {
          writer: { output: "file", filename: log, roll: false },
          encoder: { format: "json" },
          include: ["http.log.access.all"],
        },
      },
    },
    apps: {
      http: {
        servers: {
          site: {
            listen: [":443"],
            protocols: ["h1", "h2"],
            routes: [
              { handle: [...offer, { handler: "file_server", root: join(folder, "site") }] },
            ],
            tls_connection_policies: [{}],
            automatic_https: { disable: true },
            logs: { default_logger_name: "all" },
          },
        },
      },
      tls: {
        certificates: {
          load_files: [{ certificate: join(folder, "cert.pem"), key: join(folder, "key.pem") }],
        },
      },
    },
  };
}

async function makeCertificates(folder: string): Promise<{ authority: string; keyHash: string }> {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => host.exec("openssl", args);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(
    ...["req", "-x509", ...key, "-keyout", at("ca.key"), "-out", at("ca.pem"), "-days", "30"],
    ...["-subj", "/CN=Test authority"],
  );
  const names = Object.keys(HOSTS).map((name) => `DNS:${name}`);
  writeFileSync(at("names.cnf"), `subjectAltName=${names.join(",")}\n`);
  await openssl(
    ...["req", ...key, "-keyout", at("key.pem"), "-out", at("csr.pem"), "-subj", "/CN=site"],
  );
  await openssl(
    ...["x509", "-req", "-in", at("csr.pem"), "-CA", at("ca.pem"), "-CAkey", at("ca.key")],
    ...["-CAcreateserial", "-days", "30", "-extfile", at("names.cnf"), "-out", at("cert.pem")],
  );
  const keyHash = await host.exec("sh", [
    "-c",
    `openssl x509 -in "$0" -pubkey -noout | openssl pkey -pubin -outform der |
     openssl dgst -sha256 -binary | openssl enc -base64`,
    at("cert.pem"),
  ]);
  return { authority: at("ca.pem"), keyHash: keyHash.trim() };
}

async function reachable(at: End, withQuic: boolean): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const listening = await at.exec("ss", ["-Hltun"]);
    const wanted = [/^tcp .*:443\s/m, /^udp .*:53\s/m, ...(withQuic ? [/^udp .*:443\s/m] : [])];
    if (wanted.every((one) => one.test(listening))) return;
    await sleep(100);
  }
  throw new Error("Not all servers listen after 10 s: is aioquic installed for python3?");
}

interface LogLine {
  readonly request?: {
    readonly remote_port: string;
    readonly proto: string;
    readonly uri: string;
    readonly tls?: { readonly server_name: string };
  };
}

function requestsIn(log: string): Request[] {
  return log
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .flatMap((line) => {
      const { request } = JSON.parse(line) as LogLine;
      if (request?.tls === undefined) return [];
      return {
        port: Number(request.remote_port),
        transport: request.proto === "HTTP/3.0" ? "quic" : "tls",
        serverName: request.tls.server_name,
        path: request.uri,
      } as const;
    });
}
