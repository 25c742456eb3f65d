// Traffic inside a tunnel: each byte crosses two devices and must count once.
import { tcp } from "../../../test/e2e/generators/pairs.ts";
import { atEnd, type Place, runSync } from "../../../test/e2e/generators/place.ts";
import { startGenerator } from "../../../test/e2e/generators/run.ts";
import type { End } from "../../../test/e2e/world.ts";
import { meetOnStage } from "../meet.ts";
import type { Scenario, Stage } from "../scenario.ts";
import { countDevices, ETHERNET } from "../wire.ts";

/** Names that a later run knows as ours and removes. */
const TUN = `mta${process.pid}h91`;
const VXLAN = `mta${process.pid}h92`;
const CARRIER_PORT = 17_013;
const FULL = 5_000_000;

const tun: Scenario = {
  id: "x13",
  title: "tunnel with a carrying process (tun), counted once",
  async run(stage) {
    const { a, b } = stage.world;
    const [here, there] = insideAddresses(1);
    const carrierName = `${stage.name}-c`;
    const start = (own: End, peer: End, inside: string, name?: string) =>
      startGenerator({
        generator: "tun",
        role: "carrier",
        at: own,
        ...(name === undefined ? {} : { name }),
        options: {
          device: TUN,
          inside: `${inside}/30`,
          address: own.ip4,
          peer: peer.ip4,
          port: CARRIER_PORT,
        },
      });
    await using starting = new AsyncDisposableStack();
    const far = starting.use(await start(b, a, there));
    await far.listening();
    const near = starting.use(await start(a, b, here, carrierName));
    await near.listening();
    await stage.watch({ devices: [TUN, a.device] });
    const read = await countDevices(
      { at: a, device: TUN, linkHeaderBytes: 0 },
      { at: b, device: TUN, linkHeaderBytes: 0 },
    );
    const { processes } = await upAndDown(stage, there);
    const wire = await read();
    const carrier = { pid: near.pid, name: carrierName, carrier: true as const };
    return {
      processes: [...processes, { ...carrier, rxPayloadBytes: 0, txPayloadBytes: 0 }],
      wire,
      linkHeaderBytes: 0,
      // Whoever looks now sees a tunnel that is there.
      held: starting.move(),
    };
  },
};

const vxlan: Scenario = {
  id: "x14",
  title: "tunnel of the kernel (VXLAN), counted once",
  async run(stage) {
    const { a, b } = stage.world;
    const [here, there] = insideAddresses(2);
    const release = atEnd(removeVxlan);
    try {
      await addVxlan(a, a, b.ip4, here);
      await addVxlan(b, b, a.ip4, there);
      await stage.watch({ devices: [VXLAN, a.device] });
      const ends = [a, b].map((at) => ({ at, device: VXLAN, linkHeaderBytes: ETHERNET }));
      const [near, far] = ends as [(typeof ends)[0], (typeof ends)[0]];
      const read = await countDevices(near, far);
      const { processes } = await upAndDown(stage, there);
      return { processes, wire: await read() };
    } finally {
      removeVxlan();
      await b.exec("ip", ["link", "del", VXLAN]).catch(() => {}); // Perhaps not there yet.
      release();
    }
  },
};

export const TUNNELS = [tun, vxlan];

function upAndDown(stage: Stage, address: string) {
  const bytes = stage.amount(FULL);
  return meetOnStage(tcp({ upload: bytes, download: bytes }), stage, { host: "client", address });
}

/** Two of TEST-NET-2 (RFC 5737), others in each run and for each tunnel. */
function insideAddresses(tunnel: number): [string, string] {
  const first = ((process.pid + tunnel * 20) % 60) * 4;
  return [`198.51.100.${first + 1}`, `198.51.100.${first + 2}`];
}

async function addVxlan(at: Place, own: End, peer: string, inside: string): Promise<void> {
  const link = ["link", "add", VXLAN, "type", "vxlan", "id", "42"];
  const outer = ["local", own.ip4, "remote", peer, "dstport", "4789", "dev", own.device];
  await at.exec("ip", [...link, ...outer]);
  await at.exec("ip", ["address", "add", `${inside}/30`, "dev", VXLAN]);
  await at.exec("ip", ["link", "set", VXLAN, "addrgenmode", "none", "up"]);
  await at.exec("ethtool", ["-K", VXLAN, "tso", "off", "gso", "off", "gro", "off"]);
}

/** The one at the other end goes with its namespace, where nobody is left to remove it. */
function removeVxlan(): void {
  runSync("ip", ["link", "del", VXLAN]);
}
