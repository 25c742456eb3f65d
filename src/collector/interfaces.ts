/** Follows the host's interfaces over time: stable ids, counters that never go back, a last word of those that vanish. */

import type { InterfaceReading } from "../model/snapshot.ts";
import { type InterfaceFacts, interfaceFacts, readDriver } from "../native/interface-kind.ts";
import type { NetworkInterface } from "../native/interfaces.ts";
import { createTunCarriers, type TunCarriers } from "./tun-carriers.ts";

export interface InterfaceWatch {
  /** All interfaces now but shapers, and once more, with present = false, those that vanished since the last call. */
  read(): InterfaceReading[];
  /** InterfaceReading.id of an interface that the last reading saw; 0: none. */
  byIfindex(ifindex: number): number;
}

export interface InterfaceWatchOptions {
  /** Name of the driver of a device, undefined where an interface has no device. */
  readonly driver?: (name: string) => string | undefined;
  /** Who holds a tun device. */
  readonly carriers?: TunCarriers;
}

/** `source` lists the interfaces with the kernel's own counters: `readInterfaces`. */
export function createInterfaceWatch(
  source: () => readonly NetworkInterface[],
  options: InterfaceWatchOptions = {},
): InterfaceWatch {
  const driver = options.driver ?? readDriver;
  const carriers = options.carriers ?? createTunCarriers();
  let known = new Map<number, Known>();
  /** Those that vanished since the reading before. */
  let gone = new Map<number, Known>();
  let lastId = 0;

  function read(): InterfaceReading[] {
    const found = source().filter(({ linkKind }) => linkKind !== SHAPER_KIND);
    const tunnels = found.filter((one) => one.linkKind === "tun").map((one) => one.name);
    const pids = carriers.read(new Set(tunnels));
    const before = known;
    known = new Map();
    const readings: InterfaceReading[] = [];
    for (const one of found) {
      const old = before.get(one.ifindex);
      const entry = old && isSameDevice(old.now, one) ? old : newEntry(++lastId, one);
      if (entry === old) before.delete(one.ifindex);
      if (!entry.facts || entry.now.name !== one.name || entry.now.master !== one.master) {
        entry.facts = interfaceFacts(one, driver(one.name));
      }
      entry.now = one;
      for (const name of COUNTERS) follow(entry.counters[name], one[name]);
      entry.carrierPids = one.linkKind === "tun" ? (pids.get(one.name) ?? []) : [];
      known.set(one.ifindex, entry);
      readings.push(reading(entry, entry.facts, true));
    }
    gone = before;
    for (const one of gone.values()) {
      if (one.facts) readings.push(reading(one, one.facts, false));
    }
    return readings;
  }

  return { read, byIfindex: (ifindex) => (known.get(ifindex) ?? gone.get(ifindex))?.id ?? 0 };
}

/** Packets of other interfaces make a turn through such a device: there they would be counted a second time. */
const SHAPER_KIND = "ifb";

const COUNTERS = ["rxBytes", "txBytes", "rxPackets", "txPackets"] as const;
type CounterName = (typeof COUNTERS)[number];

interface Known {
  readonly id: number;
  now: NetworkInterface;
  facts: InterfaceFacts | undefined;
  carrierPids: readonly number[];
  readonly counters: Record<CounterName, Counter>;
}

/** What is reported is `offset + seen`. */
interface Counter {
  seen: number;
  offset: number;
}

function newEntry(id: number, now: NetworkInterface): Known {
  const counter = () => ({ seen: 0, offset: 0 });
  return {
    id,
    now,
    facts: undefined,
    carrierPids: [],
    counters: {
      rxBytes: counter(),
      txBytes: counter(),
      rxPackets: counter(),
      txPackets: counter(),
    },
  };
}

/** The same ifindex under another name is a renamed device (udev does that at start-up) as long as its counters went
 * on; if they started again, the index was given to a new device. */
function isSameDevice(old: NetworkInterface, now: NetworkInterface): boolean {
  if (old.linkType !== now.linkType || old.linkKind !== now.linkKind) return false;
  return old.name === now.name || COUNTERS.every((name) => now[name] >= old[name]);
}

/** Keeps what is reported from going back. A counter that falls below half of what it was has been reset by its driver
 * (or has wrapped at 32 bits): it counts on from the last value. One that falls by less is a driver that sums its
 * queues without a lock: the last value is held until the counter has passed it, because taking that for a reset would
 * count everything twice. */
function follow(counter: Counter, value: number): void {
  if (value < counter.seen / 2) counter.offset += counter.seen;
  else if (value < counter.seen) return;
  counter.seen = value;
}

function reading(entry: Known, facts: InterfaceFacts, present: boolean): InterfaceReading {
  const { now, counters } = entry;
  const total = (name: CounterName) => counters[name].offset + counters[name].seen;
  return {
    id: entry.id,
    name: now.name,
    ifindex: now.ifindex,
    kind: facts.kind,
    linkHeaderBytes: facts.linkHeaderBytes,
    countsSegments: facts.countsSegments,
    up: present && now.up,
    present,
    rxBytes: total("rxBytes") + facts.rxLeftOutBytes * total("rxPackets"),
    txBytes: total("txBytes") + facts.txLeftOutBytes * total("txPackets"),
    rxPackets: total("rxPackets"),
    txPackets: total("txPackets"),
    carrierPids: entry.carrierPids,
  };
}
