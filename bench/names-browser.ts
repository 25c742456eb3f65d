// Share of the bytes that have a name while a real browser loads pages of many hosts over TLS and over QUIC, held against
// what the web server was asked for. Needs root, chromium, firefox-esr, caddy, dnsmasq and certutil; makes namespaces.
// node bench/names-browser.ts [chromium|firefox-esr] [tls|quic] [flood] [no-offloads]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectDaemon } from "../src/cli/connect.ts";
import type { Connection } from "../src/model/sample.ts";
import { firstOf } from "../src/names/captures.ts";
import { killGroup } from "../test/e2e/generators/place.ts";
import { buildOnce, launch } from "../test/e2e/real-daemon.ts";
import { type End, makeWorld } from "../test/e2e/world.ts";
import { type BrowserName, openBrowser } from "./browser/browsers.ts";
import { type Request, startServers } from "./browser/servers.ts";
import { ADDRESSES, DONE } from "./browser/site.ts";
import { machineLine, row } from "./results.ts";

const BROWSERS: readonly BrowserName[] = ["chromium", "firefox-esr"];
const TRANSPORTS = ["tls", "quic"] as const;
type Transport = (typeof TRANSPORTS)[number];
const LONGEST_MS = 40_000;
const EVERY_MS = 500;
/** Hellos of another program that come at once, again and again. */
const FLOOD = `
const [, address, hex] = process.argv;
const connect = () => {
  const socket = require("node:net").connect(443, address, () => {
    socket.write(Buffer.from(hex, "hex"), () => socket.destroy());
  });
  socket.on("close", () => setImmediate(connect)).on("error", () => {});
};
for (let i = 0; i < 50; i++) connect();
`;

const words = process.argv.slice(2);
const browsers = BROWSERS.filter((name) => !words.some(isBrowser) || words.includes(name));
const transports = TRANSPORTS.filter((name) => !words.some(isTransport) || words.includes(name));

await buildOnce();
console.log(`${machineLine()}\n`);
console.log(
  row(
    "browser",
    "offered",
    "carried by",
    "connections",
    "bytes",
    "right name",
    "no name",
    "wrong name",
    "right protocol",
    "lost",
  ),
);
console.log(row(...Array.from({ length: 10 }, () => "---")));
for (const browser of browsers) for (const offered of transports) await load(browser, offered);

function isBrowser(word: string): word is BrowserName {
  return BROWSERS.some((name) => name === word);
}

function isTransport(word: string): word is Transport {
  return TRANSPORTS.some((name) => name === word);
}

async function load(browser: BrowserName, offered: Transport): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "names-browser-"));
  const data = join(folder, "data");
  await using world = await makeWorld({
    addresses: ADDRESSES,
    offloads: !words.includes("no-offloads"),
  });
  await using servers = await startServers(world.b, { folder, withQuic: offered === "quic" });
  await using daemon = launch(data, { interval: undefined });
  try {
    await daemon.says(/Ctrl-C stops/);
    const monitauri = connectDaemon([join(data, "daemon.sock")]);
    const flood = words.includes("flood") ? floodFrom(world.a, world.b) : undefined;
    const child = await openBrowser(browser, {
      at: world.a,
      folder: join(folder, "profile"),
      servers,
      forceQuic: offered === "quic",
    });
    const found = new Map<string, Connection>();
    const look = async () => {
      const filter = `local:${world.a.ip4} rport:443 -app:node`;
      const { connections } = await monitauri.connections({ filter });
      for (const one of connections) found.set(one.id, one);
    };
    const endMs = performance.now() + LONGEST_MS;
    while (!servers.requests().some(({ path }) => path === DONE) && performance.now() < endMs) {
      await sleep(EVERY_MS);
      await look();
    }
    const isDone = servers.requests().some(({ path }) => path === DONE);
    if (!isDone) console.error(`${browser} did not come to the end of the pages`);
    killGroup(child);
    await sleep(2_500);
    await look();
    if (flood !== undefined) killGroup(flood);
    const { collector } = await monitauri.status();
    report(browser, offered, {
      connections: [...found.values()],
      requests: servers.requests(),
      lost: `${collector?.lostNames} of ${collector?.lostObservations}`,
    });
  } finally {
    daemon.tell("SIGTERM");
    await daemon.ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

function floodFrom(at: End, to: End) {
  const hello = firstOf("tls-node").toString("hex");
  return at.spawn(process.execPath, ["-e", FLOOD, to.ip4, hello], { stdio: "ignore" });
}

interface Findings {
  readonly connections: readonly Connection[];
  readonly requests: readonly Request[];
  readonly lost: string;
}

function report(browser: string, offered: string, { connections, requests, lost }: Findings): void {
  const asked = new Map<string, Set<string>>();
  for (const { port, transport, serverName } of requests) {
    const key = `${transport} ${port}`;
    asked.set(key, (asked.get(key) ?? new Set()).add(serverName));
  }
  for (const transport of TRANSPORTS) {
    const own = connections.filter(
      ({ protocol }) => (protocol === "udp") === (transport === "quic"),
    );
    const sums = { right: 0, none: 0, wrong: 0 };
    let count = 0;
    let recognised = 0;
    for (const { localPort, host, total, ...one } of own) {
      const bytes = total.rxBytes + total.txBytes;
      const names = asked.get(`${transport} ${localPort}`);
      if (names === undefined) continue; // opened in advance, and nothing was asked over it
      count += 1;
      // Browsers offer two protocols inside: which one was taken is encrypted.
      if (one.spoken?.source === "bytes" && one.spoken.name === transport) recognised += bytes;
      const verdict = host === undefined ? "none" : names.has(host.name) ? "right" : "wrong";
      sums[verdict] += bytes;
      if (verdict !== "right") {
        const said = host === undefined ? "no name" : `${host.name} from ${host.source}`;
        console.error(`${[...names].join()}: ${said}, ${bytes} bytes, ${one.application}`);
      }
    }
    const all = sums.right + sums.none + sums.wrong;
    if (all === 0) continue;
    const share = (bytes: number) => `${((bytes / all) * 100).toFixed(2)} %`;
    const cells = [share(sums.right), share(sums.none), share(sums.wrong), share(recognised), lost];
    console.log(row(browser, offered, transport, count, all, ...cells));
  }
}
