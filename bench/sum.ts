// Figure 3: attributed bytes and named remainders against the kernel's own counters over a minute of mixed traffic.
// node bench/sum.ts [seconds]
import { meet, PAIRS, type Pair } from "../test/e2e/generators/pairs.ts";
import { runGenerator } from "../test/e2e/generators/run.ts";
import { type Meter, openMeter } from "../test/e2e/meter.ts";
import { countWithNft, ETHERNET_HEADER_BYTES, makeWorld, type World } from "../test/e2e/world.ts";

const seconds = Number(process.argv[2] ?? 60);

console.log("| offloads | sent, counted by | bytes | attributed | with remainders | difference |");
console.log("|---|---|---|---|---|---|");
for (const offloads of [true, false]) await measure(offloads);

async function measure(offloads: boolean): Promise<void> {
  await using world = await makeWorld({ host: true, offloads, staticNeighbours: false });
  using meter = await openMeter();
  // At the receiver: on the sender's side nft sees TCP before it is cut into segments, whatever the offloads.
  const nft = await countWithNft(world.b, [
    { name: "sent", hook: "input", match: `iifname "${world.b.device}"` },
  ]);
  const before = await world.a.sent();
  await traffic(world, { forSeconds: seconds, fragments: offloads });
  const after = await world.a.sent();
  await meter.settle();
  const { sent } = await nft();
  report(meter, world, {
    label: offloads ? "on" : "off",
    tc: after.bytes - before.bytes,
    nft: offloads ? undefined : sent,
  });
}

/** All pairs in turn, so often as the time allows, and pings between them. */
async function traffic(
  world: World,
  { forSeconds, fragments }: { forSeconds: number; fragments: boolean },
): Promise<void> {
  const end = Date.now() + forSeconds * 1000;
  const { a, b } = world;
  const cut: Pair = {
    server: { generator: "datagrams", role: "receiver", options: { count: 50 } },
    client: { generator: "datagrams", role: "sender", options: { size: 8000, count: 50 } },
  };
  // Reassembled before nft counts them: left out where nft is the truth.
  const pairs = fragments ? [...Object.values(PAIRS), cut] : Object.values(PAIRS);
  for (let i = 0; Date.now() < end; i++) {
    const pair = pairs[i % pairs.length] as Pair;
    const address = i % 2 ? b.ip6 : b.ip4;
    await meet(pair, { a, b, options: { address } });
    await runGenerator({
      generator: "packets",
      role: "ping",
      at: a,
      options: { address, count: 5, raw: true },
    });
    await runGenerator({
      generator: "packets",
      role: "ping",
      at: b,
      options: { address: i % 2 ? a.ip6 : a.ip4, count: 5, raw: true },
    });
  }
}

function report(
  meter: Meter,
  world: World,
  truth: { label: string; tc: number; nft: { bytes: number; packets: number } | undefined },
): void {
  const kinds = meter.ofInterface(world.a.device);
  const withLink = (of: { txWireBytes: number; txWirePackets: number }) =>
    of.txWireBytes + of.txWirePackets * ETHERNET_HEADER_BYTES;
  const attributed = ["socket", "link"].reduce(
    (sum, kind) => sum + (kinds[kind] ? withLink(kinds[kind]) : 0),
    0,
  );
  const all = Object.values(kinds).reduce((sum, kind) => sum + withLink(kind), 0);
  const line = (by: string, bytes: number, owned: number, whole: number) =>
    console.log(
      `| ${truth.label} | ${by} | ${bytes} | ${percent(owned / bytes)} | ${percent(whole / bytes)} | ${whole - bytes} |`,
    );
  line("tc -s qdisc", truth.tc, attributed, all);
  for (const [kind, sums] of Object.entries(kinds)) {
    console.error(`  ${kind}: ${withLink(sums)} bytes, ${sums.txWirePackets} packets`);
  }
  if (truth.nft) {
    // IP packets without link header, and no ARP (28 bytes a packet).
    const ip = (kind: string) => kinds[kind]?.txWireBytes ?? 0;
    const owned = ip("socket");
    line("nft, receiver's input", truth.nft.bytes, owned, owned + ip("no process") + ip("kernel"));
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(4)} %`;
}
