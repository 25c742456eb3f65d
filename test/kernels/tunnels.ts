// Tunnels between the ends of a world, each with a queue that counts what enters it.
import type { End, World } from "../e2e/world.ts";

export interface Tunnel extends AsyncDisposable {
  readonly device: string;
  /** Addresses of the ends inside of the tunnel. */
  readonly a: { ip4: string; ip6: string };
  readonly b: { ip4: string; ip6: string };
  /** IP bytes that entered the tunnel at this end. */
  sent(end: "a" | "b"): Promise<number>;
}

/** Arguments of `ip link add` for the end `own`. */
const KINDS = {
  ipip: ({ own, other }: Ends) => ["ipip", "local", own.ip4, "remote", other.ip4],
  gre: ({ own, other }: Ends) => ["gre", "local", own.ip4, "remote", other.ip4],
  "gre over IPv6": ({ own, other }: Ends) => ["ip6gre", "local", own.ip6, "remote", other.ip6],
  sit: ({ own, other }: Ends) => ["sit", "local", own.ip4, "remote", other.ip4],
  wireguard: () => ["wireguard"],
} as const;

export type TunnelKind = keyof typeof KINDS;
export const TUNNELS = Object.keys(KINDS) as TunnelKind[];

/** Families of what a kind carries. */
export function carriedBy(kind: TunnelKind): readonly ("ip4" | "ip6")[] {
  if (kind === "ipip") return ["ip4"];
  return kind === "sit" ? ["ip6"] : ["ip4", "ip6"];
}

interface Ends {
  readonly own: End;
  readonly other: End;
}

const WIREGUARD_PORT = 51820;
let made = 0;

export async function makeTunnel(kind: TunnelKind, world: World): Promise<Tunnel> {
  made += 1;
  const device = `mta${process.pid}t${made}`;
  const net = made;
  const inner = (number: number) => ({
    ip4: `10.88.${net}.${number}`,
    ip6: `fd88:${net}::${number}`,
  });
  const ends = { a: { end: world.a, ...inner(1) }, b: { end: world.b, ...inner(2) } };
  for (const [own, other] of [
    [ends.a, ends.b],
    [ends.b, ends.a],
  ] as const) {
    const { exec } = own.end;
    const kindOf = KINDS[kind]({ own: own.end, other: other.end });
    await exec("ip", ["link", "add", device, "type", ...kindOf]);
  }
  if (kind === "wireguard") await exchangeKeys(device, ends);
  for (const { end, ip4, ip6 } of Object.values(ends)) {
    await end.exec("tc", ["qdisc", "add", "dev", device, "root", "pfifo", "limit", "10000"]);
    await end.exec("ip", ["link", "set", device, "addrgenmode", "none"]);
    await end.exec("ip", ["link", "set", device, "up", "mtu", "1380"]);
    if (kind !== "sit") await end.exec("ip", ["address", "add", `${ip4}/24`, "dev", device]);
    if (kind !== "ipip")
      await end.exec("ip", ["address", "add", `${ip6}/64`, "dev", device, "nodad"]);
  }
  return {
    device,
    a: inner(1),
    b: inner(2),
    async sent(end) {
      const args = ["-s", "-j", "qdisc", "show", "dev", device, "root"];
      const [{ bytes }] = JSON.parse(await ends[end].end.exec("tc", args)) as [{ bytes: number }];
      return bytes; // These devices have no link header.
    },
    async [Symbol.asyncDispose]() {
      for (const { end } of Object.values(ends)) await end.exec("ip", ["link", "del", device]);
    },
  };
}

async function exchangeKeys(
  device: string,
  ends: Record<"a" | "b", { end: End; ip4: string; ip6: string }>,
): Promise<void> {
  const keys = { a: await newKey(ends.a.end), b: await newKey(ends.b.end) };
  for (const [name, other] of [
    ["a", "b"],
    ["b", "a"],
  ] as const) {
    const peer = ends[other];
    const settings = [
      "[Interface]",
      `PrivateKey = ${keys[name].secret}`,
      `ListenPort = ${WIREGUARD_PORT}`,
      "[Peer]",
      `PublicKey = ${keys[other].open}`,
      `AllowedIPs = ${peer.ip4}/32, ${peer.ip6}/128`,
      `Endpoint = ${peer.end.ip4}:${WIREGUARD_PORT}`,
    ];
    // By way of a pipe: what a child of this process reads from is a socket, which has no name.
    const command = `cat | wg setconf ${device} /dev/stdin`;
    await ends[name].end.exec("sh", ["-c", command], { input: `${settings.join("\n")}\n` });
  }
}

async function newKey(end: End): Promise<{ secret: string; open: string }> {
  const secret = (await end.exec("wg", ["genkey"])).trim();
  return { secret, open: (await end.exec("wg", ["pubkey"], { input: `${secret}\n` })).trim() };
}
