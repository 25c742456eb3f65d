// A small network of our own for tests on the real kernel: namespaces joined by veth pairs, the kernel's own
// counters to compare with, and the removal of all of it whatever happens to the test.
import { setTimeout } from "node:timers/promises";
import { removeNamespace, sweep } from "./generators/leftovers.ts";
import { atEnd, host, type Place, place, RUN, run, runSync } from "./generators/place.ts";

export { type Leftovers, leftovers, NOTHING, sweep } from "./generators/leftovers.ts";
export { host, type Place } from "./generators/place.ts";

/** Bytes of the link header, which qdiscs and devices count and IP does not. */
export const ETHERNET_HEADER_BYTES = 14;

export interface WorldOptions {
  /** End `a` is the host's own namespace, joined by a veth pair of its own. Default: false. */
  host?: boolean;
  /** A third namespace between `a` and `b` forwards. Default: false. */
  router?: boolean;
  /** Segmentation and checksum offloads of the veth devices. Default: true, as on real machines. */
  offloads?: boolean;
  /** Of all devices. Default: 1500. */
  mtu?: number;
  /** Neighbours known from the start, so that no ARP or neighbour discovery is counted. Default: true. */
  staticNeighbours?: boolean;
  /** IPv4 addresses of each end; more of them hold more connections. Default: 1. */
  addresses?: number;
}

export interface Counted {
  bytes: number;
  packets: number;
}

/** One device of a world and the namespace it is in. */
export interface End extends Place {
  readonly device: string;
  readonly ip4: string;
  readonly ip6: string;
  /** All IPv4 addresses, `ip4` first. */
  readonly ip4s: readonly string[];
  readonly mac: string;
  /** What left through the device: segments counted, in IP bytes and with link headers. */
  sent(): Promise<Counted & { ipBytes: number }>;
  /** The interface's own counters: an offloaded packet once, with link headers. */
  link(): Promise<{ rx: Counted; tx: Counted }>;
}

/** What nft counts: IP packets as the stack hands them over (an offloaded packet once). */
export interface NftRule {
  name: string;
  hook: "input" | "output" | "forward";
  /** An expression of nft, for example `tcp dport 7000`. */
  match: string;
}

export interface World extends AsyncDisposable {
  readonly a: End;
  readonly b: End;
  /** Ends of the router towards `a` and `b`, where there is one. */
  readonly router: { toA: End; toB: End } | undefined;
  /** Removes everything, with the processes that are still in the namespaces. */
  close(): Promise<void>;
}

interface Side {
  namespace: string | undefined;
  device: string;
  number: number;
}

const SETTLED_MS = 50;

let worldsMade = 0;

/** @throws when the machine cannot: ask `whyNoWorld()` first. */
export async function makeWorld(options: WorldOptions = {}): Promise<World> {
  sweep();
  const names = namesOf(options);
  const release = atEnd(() => removeAll(names));
  try {
    const links = await build(names, options);
    const [toB, fromA] = links[0] as [End, End];
    const [toBoth, b] = links[1] ?? [undefined, fromA];
    const close = async () => {
      removeAll(names);
      release();
    };
    return {
      a: toB,
      b,
      router: toBoth === undefined ? undefined : { toA: fromA, toB: toBoth },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    removeAll(names);
    release();
    throw error;
  }
}

/** What this machine lacks for a world and its generators, as a sentence; `undefined`: nothing. */
export async function whyNoWorld(): Promise<string | undefined> {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "needs root to make network namespaces";
  const probe = `${RUN}-probe`;
  const missing: string[] = [];
  for (const program of ["ip", "tc", "nft", "ethtool", "sysctl", "python3"]) {
    await run("sh", ["-c", `command -v ${program}`]).catch(() => missing.push(program));
  }
  await run("sh", ["-c", "command -v cc || command -v clang-14"]).catch(() => missing.push("cc"));
  if (missing.length > 0) return `not installed: ${missing.join(", ")}`;
  try {
    await run("ip", ["netns", "add", probe]);
    await run("ip", ["-n", probe, "link", "add", "one", "type", "veth", "peer", "name", "two"]);
  } catch (error) {
    return `cannot make a network namespace: ${(error as Error).message}`;
  } finally {
    runSync("ip", ["netns", "del", probe]);
  }
  return undefined;
}

/**
 * The `skip` option of a test that needs a world: `false`, or what is missing.
 * @throws where such tests must run (MONITAURI_E2E=required).
 */
export async function skipWithoutWorld(): Promise<false | string> {
  const reason = await whyNoWorld();
  if (reason === undefined) return false;
  if (process.env.MONITAURI_E2E === "required") throw new Error(`This test must run: ${reason}`);
  return reason;
}

/** Counts packets that match, from now on. The answer reads the counters, by the names of the rules. */
export async function countWithNft(
  where: Place,
  rules: readonly NftRule[],
): Promise<() => Promise<Record<string, Counted>>> {
  const table = `mta${process.pid}`;
  const own = (name: string) => `${table}_${name}`; // A name may be a word of nft's own.
  const hooks = [...new Set(rules.map(({ hook }) => hook))];
  const lines = [
    `table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    ...rules.map(({ name }) => `counter ${own(name)} {}`),
    ...hooks.map((hook) => {
      const body = rules.filter((rule) => rule.hook === hook);
      const counting = body.map(({ match, name }) => `${match} counter name ${own(name)}`);
      return `chain ${hook} { type filter hook ${hook} priority 0;\n${counting.join("\n")}\n}`;
    }),
    "}",
  ];
  await where.exec("nft", ["-f", "-"], { input: `${lines.join("\n")}\n` });
  return async () => {
    const text = await where.exec("nft", ["-j", "list", "counters", "table", "inet", table]);
    const found: { nftables: { counter?: Counted & { name: string } }[] } = JSON.parse(text);
    return Object.fromEntries(
      found.nftables.flatMap(({ counter }) =>
        counter === undefined
          ? []
          : [
              [
                counter.name.slice(own("").length),
                { bytes: counter.bytes, packets: counter.packets },
              ],
            ],
      ),
    );
  };
}

interface Names {
  namespaces: string[];
  hostDevice: string | undefined;
  /** Pairs of ends, from `a` to `b`. */
  pairs: [Side, Side][];
  world: number;
}

function namesOf({ host: onHost = false, router = false }: WorldOptions): Names {
  worldsMade += 1;
  const world = worldsMade;
  const name = (letter: string) => `${RUN}-${letter}${world > 1 ? world : ""}`;
  const a = onHost ? undefined : name("a");
  const hostDevice = onHost ? `mta${process.pid}h${world}` : undefined;
  const b = name("b");
  const first: Side = { namespace: a, device: hostDevice ?? "to-b", number: 1 };
  if (!router) {
    const pair: [Side, Side] = [first, { namespace: b, device: "to-a", number: 2 }];
    return { namespaces: a === undefined ? [b] : [a, b], hostDevice, pairs: [pair], world };
  }
  const r = name("r");
  return {
    namespaces: a === undefined ? [r, b] : [a, r, b],
    hostDevice,
    pairs: [
      [first, { namespace: r, device: "to-a", number: 2 }],
      [
        { namespace: r, device: "to-b", number: 3 },
        { namespace: b, device: "to-a", number: 4 },
      ],
    ],
    world,
  };
}

async function build(names: Names, options: WorldOptions): Promise<[End, End][]> {
  for (const name of names.namespaces) {
    await run("ip", ["netns", "add", name]);
    // Settings before devices: no router solicitations, ping sockets for all.
    await run("ip", ["netns", "exec", name, "sysctl", "-qw", ...NAMESPACE_SETTINGS]);
    await run("ip", ["-n", name, "link", "set", "lo", "up"]);
  }
  const pairs = names.pairs.map((pair, link): [End, End] => {
    const ends = pair.map((side) => end(side, names.world, link, options.addresses ?? 1));
    return ends as [End, End];
  });
  for (const [one, two] of pairs) await join(one, two, options);
  if (options.router === true) await route(pairs);
  await settle(pairs.flat());
  return pairs;
}

/** Waits for the last packet that the kernel sends by itself for a new device. */
async function settle(ends: End[]): Promise<void> {
  const sent = async () => JSON.stringify(await Promise.all(ends.map((it) => it.sent())));
  for (let before = ""; ; ) {
    const now = await sent();
    if (now === before) return;
    before = now;
    await setTimeout(SETTLED_MS);
  }
}

const NAMESPACE_SETTINGS = [
  "net.ipv6.conf.default.router_solicitations=0",
  "net.ipv6.conf.default.accept_ra=0",
  "net.ipv6.conf.default.accept_dad=0",
  "net.ipv4.ping_group_range=0 2147483647",
  "net.ipv4.tcp_fastopen=519", // Both ends, without a cookie: data in the first SYN.
];

function end({ namespace, device, number }: Side, world: number, link: number, count: number): End {
  const where = place(namespace);
  // 198.18.0.0/15 is for such tests (RFC 2544). On the host two runs must not meet.
  const net = `198.${18 + (process.pid % 2)}.${(process.pid * 3 + world * 2 + link) % 250}`;
  const ip4s = Array.from({ length: count }, (_, i) => `${net}.${number + i * 4}`);
  const mac = `02:6d:${hex(process.pid >> 8)}:${hex(process.pid)}:${hex(world)}:${hex(number)}`;
  return {
    ...where,
    device,
    ip4: ip4s[0] as string,
    ip4s,
    ip6: `fd00:${(process.pid & 0xffff).toString(16)}:${world}:${link}::${number}`,
    mac,
    async sent() {
      const text = await where.exec("tc", ["-s", "-j", "qdisc", "show", "dev", device, "root"]);
      const [{ bytes, packets }] = JSON.parse(text) as [Counted];
      return { bytes, packets, ipBytes: bytes - packets * ETHERNET_HEADER_BYTES };
    },
    async link() {
      const text = await where.exec("ip", ["-s", "-j", "link", "show", "dev", device]);
      const [{ stats64 }] = JSON.parse(text) as [{ stats64: { rx: Counted; tx: Counted } }];
      const plain = ({ bytes, packets }: Counted) => ({ bytes, packets });
      return { rx: plain(stats64.rx), tx: plain(stats64.tx) };
    },
  };
}

function hex(byte: number): string {
  return (byte & 0xff).toString(16).padStart(2, "0");
}

async function join(one: End, two: End, options: WorldOptions): Promise<void> {
  const { mtu = 1500, offloads = true, staticNeighbours = true } = options;
  const side = ({ device, mac, namespace }: End) => {
    const where = namespace === undefined ? "" : ` netns ${namespace}`;
    return `${device} address ${mac} mtu ${mtu}${where}`;
  };
  await batch(host, [`link add ${side(one)} type veth peer name ${side(two)}`]);
  for (const [here, there] of [
    [one, two],
    [two, one],
  ] as const) {
    // As a root qdisc, pfifo counts what passes; veth by itself has none.
    await here.exec("tc", ["qdisc", "add", "dev", here.device, "root", "pfifo", "limit", "10000"]);
    if (!offloads) {
      const off = ["tx", "gso", "tso", "gro"].flatMap((name) => [name, "off"]);
      await here.exec("ethtool", ["-K", here.device, ...off]);
    }
    const neighbour = `nud permanent lladdr ${there.mac} dev ${here.device}`;
    // The reports of joined groups leave at once and not some time during the test.
    const report = `net.ipv6.conf.${here.device}.mldv2_unsolicited_report_interval=1`;
    await here.exec("sysctl", ["-qw", report]);
    await batch(here, [
      `link set ${here.device} addrgenmode none`,
      `link set ${here.device} up`,
      ...here.ip4s.map((address) => `address add ${address}/24 dev ${here.device}`),
      `address add ${here.ip6}/64 dev ${here.device} nodad`,
      ...(staticNeighbours
        ? [...there.ip4s, there.ip6].map((address) => `neighbour add ${address} ${neighbour}`)
        : []),
    ]);
  }
}

async function route(pairs: [End, End][]): Promise<void> {
  const [[a, toA], [toB, b]] = pairs as [[End, End], [End, End]];
  await toA.exec("sysctl", ["-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]);
  for (const [here, there, via] of [
    [a, b, toA],
    [b, a, toB],
  ] as const) {
    await batch(here, [
      ...there.ip4s.map((address) => `route add ${address} via ${via.ip4}`),
      `route add ${there.ip6} via ${via.ip6}`,
    ]);
  }
}

/** Many commands of `ip` in one process, in the order given. */
async function batch(where: Place, lines: string[]): Promise<void> {
  await where.exec("ip", ["-batch", "-"], { input: `${lines.join("\n")}\n` });
}

/** At once and without a throw: it also runs while the process exits. */
function removeAll({ namespaces, hostDevice }: Names): void {
  // By name, not by waiting for the namespace of the other end to be freed, which the kernel does later.
  if (hostDevice !== undefined) runSync("ip", ["link", "del", hostDevice]);
  for (const name of namespaces) removeNamespace(name);
}
