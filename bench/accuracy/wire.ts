// The truth on the wire, from counters of the kernel that no monitor here uses: the qdiscs of both senders, and nft
// where the packets arrive.

import { atEnd, host, type Place, runSync } from "../../test/e2e/generators/place.ts";
import { countWithNft, type End, ETHERNET_HEADER_BYTES, type World } from "../../test/e2e/world.ts";
import type { Wire } from "./scenario.ts";

/** As fast as a usual line into a house: captures can follow, and a monitor that looks once a second sees it going on. */
const LINK = ["rate", "50mbit", "burst", "64k", "limit", "64m"];

/** Makes the link of a world one of 50 Mbit/s in each direction. Packets wait, none is lost. */
export async function slowDown({ a, b }: World): Promise<void> {
  for (const end of [a, b]) {
    const where = ["qdisc", "replace", "dev", end.device, "root", "tbf"];
    await end.exec("tc", [...where, ...LINK]);
  }
}

export type ReadWire = () => Promise<{ wire: Wire; nftTxBytes: number | undefined }>;

/** Counts from now on, both directions seen from the world's end `a`. */
export async function countLink({ a, b }: World): Promise<ReadWire> {
  const nft = await countWithNft(b, [
    { name: "sent", hook: "input", match: `iifname "${b.device}"` },
  ]);
  const before = await both(a, b);
  return async () => {
    const after = await both(a, b);
    const { sent } = await nft();
    return {
      wire: {
        rxBytes: after.b.ipBytes - before.b.ipBytes,
        txBytes: after.a.ipBytes - before.a.ipBytes,
        rxPackets: after.b.packets - before.b.packets,
        txPackets: after.a.packets - before.a.packets,
      },
      nftTxBytes: sent?.bytes,
    };
  };
}

/** Two devices that are no ends of a world, each with a qdisc that counts. */
export async function countDevices(here: Device, there: Device): Promise<() => Promise<Wire>> {
  for (const { at, device } of [here, there]) {
    await at.exec("tc", ["qdisc", "replace", "dev", device, "root", "pfifo", "limit", "10000"]);
  }
  const read = async () => ({ tx: await sentOn(here), rx: await sentOn(there) });
  const before = await read();
  return async () => {
    const { tx, rx } = await read();
    return {
      rxBytes: rx.bytes - before.rx.bytes,
      txBytes: tx.bytes - before.tx.bytes,
      rxPackets: rx.packets - before.rx.packets,
      txPackets: tx.packets - before.tx.packets,
    };
  };
}

export interface Device {
  readonly at: Place;
  readonly device: string;
  /** 14 for Ethernet, 0 for tun. */
  readonly linkHeaderBytes: number;
}

/** TCP through the host's loopback to and from a port: each byte is sent by one process and received by another. */
export async function countLoopback(port: number): Promise<() => Promise<Wire>> {
  const read = await countWithNft(host, [
    { name: "to", hook: "input", match: `iifname "lo" tcp dport ${port}` },
    { name: "from", hook: "input", match: `iifname "lo" tcp sport ${port}` },
  ]);
  const remove = () => void runSync("nft", ["delete", "table", "inet", `mta${process.pid}`]);
  const release = atEnd(remove);
  return async () => {
    const { to, from } = await read();
    remove();
    release();
    const bytes = (to?.bytes ?? 0) + (from?.bytes ?? 0);
    const packets = (to?.packets ?? 0) + (from?.packets ?? 0);
    return { rxBytes: bytes, txBytes: bytes, rxPackets: packets, txPackets: packets };
  };
}

async function both(a: End, b: End) {
  const [sentByA, sentByB] = await Promise.all([a.sent(), b.sent()]);
  return { a: sentByA, b: sentByB };
}

async function sentOn({ at, device, linkHeaderBytes }: Device) {
  const text = await at.exec("tc", ["-s", "-j", "qdisc", "show", "dev", device, "root"]);
  const [{ bytes, packets }] = JSON.parse(text) as [{ bytes: number; packets: number }];
  return { bytes: bytes - packets * linkHeaderBytes, packets };
}

export const ETHERNET = ETHERNET_HEADER_BYTES;
