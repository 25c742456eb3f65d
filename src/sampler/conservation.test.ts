import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LearnedFacts } from "../model/naming.ts";
import { interfaceOf, type PlainFlow, processOf, snapshotOf } from "../model/plain-snapshot.ts";
import { SAMPLED_GROUPINGS, type Traffic } from "../model/sample.ts";
import { COUNTER_NAMES, type CounterName, FLOW_KINDS } from "../model/snapshot.ts";
import { addTraffic, NO_TRAFFIC } from "../model/traffic.ts";
import { createSampler } from "./sampler.ts";

// Random histories of flows with reuse, corrected owners, several interfaces, tunnels and closes. What the sampler must
// come to is worked out beside it in the plainest way: each difference goes to whoever has the index when it is read.

const LOOPBACK = 1;
const ETHERNET = 2;
const TUNNEL = 3;
const FOREIGN = 77; // not an interface of this machine
const CARRIER = 5;
const KINDS = ["socket", "socket", "socket", "socket", "link", ...FLOW_KINDS] as const;
describe("every byte is in exactly one row", () => {
  const random = Math.floor(Math.random() * 2 ** 31);
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, random]) {
    test(`of every grouping, whatever happens to flows (seed ${seed})`, () => replay(seed, 60));
  }
});

function replay(seed: number, ticks: number): void {
  const below = generator(seed);
  const sampler = createSampler({ intervalMs: 1000, now: () => 0 });
  const flows = new Map<number, PlainFlow>();
  const expected = { all: NO_TRAFFIC, network: NO_TRAFFIC, loopback: NO_TRAFFIC };
  const byProcess = new Map<number, Traffic>();
  const named = new Map<number, string>();
  let nextProcess = 1;
  let overflow = 0;

  for (let tick = 1; tick <= ticks; tick++) {
    const processes = Array.from({ length: below(4) }, () => announce(nextProcess++));
    // Now and then one turns out to belong to another application.
    if (below(3) === 0 && nextProcess > 1) processes.push(announce(1 + below(nextProcess - 1)));
    let delta = NO_TRAFFIC;
    const rows = new Map<number, PlainFlow>();
    for (let i = below(40); i > 0; i--) {
      const index = below(64) * (below(10) === 0 ? 90 : 1);
      if (rows.has(index)) continue;
      const before = flows.get(index);
      const now = grow(change(index, before));
      const difference = between(before, now);
      rows.set(index, now);
      flows.set(index, now);
      delta = addTraffic(delta, difference);
      if (now.process && isOwned(now)) {
        byProcess.set(
          now.process,
          addTraffic(byProcess.get(now.process) ?? NO_TRAFFIC, difference),
        );
      }
      const once = withoutCopies(before, now, difference);
      const scope = scopeOf(now);
      if (scope !== undefined) expected[scope] = addTraffic(expected[scope], once);
    }
    const lost = below(5) === 0 ? below(1000) : 0;
    overflow += lost;
    const lostTraffic = { ...NO_TRAFFIC, rxBytes: lost, rxDeviceBytes: lost };
    delta = addTraffic(delta, lostTraffic);
    expected.network = addTraffic(expected.network, lostTraffic);
    expected.all = addTraffic(expected.all, delta);

    const sample = sampler.take(
      snapshotOf({
        atMs: tick * 1000,
        processes,
        interfaces: [
          interfaceOf(LOOPBACK, { kind: "loopback", name: "lo" }),
          interfaceOf(ETHERNET),
          interfaceOf(TUNNEL, {
            kind: "tunnel",
            name: "tun0",
            carrierPids: [processOf(CARRIER).pid],
          }),
        ],
        flows: [...rows.values()],
        health: { overflowRxBytes: overflow },
      }),
      { learned: learn([...flows.values()]) },
    );
    const where = `seed ${seed}, tick ${tick}`;
    for (const by of SAMPLED_GROUPINGS) {
      for (const limit of [10_000, 3]) {
        const groups = sampler.groups(by, limit);
        assert.deepEqual(total(groups.map((row) => row.total)), expected.all, `${by}, ${where}`);
        assert.deepEqual(total(groups.map((row) => row.delta)), delta, `${by} delta, ${where}`);
        assert.equal(new Set(groups.map(({ key }) => key)).size, groups.length, `${by}: keys`);
      }
    }
    assert.deepEqual(sample.total, expected.network, where);
    assert.deepEqual(sample.loopbackTotal, expected.loopback, where);
    const active = bytesOf(sample.applications);
    assert.deepEqual(
      active,
      { rxBytes: delta.rxBytes, txBytes: delta.txBytes },
      `active, ${where}`,
    );
    for (const row of [...sample.applications, ...sampler.ps(), ...sampler.ps({ by: "process" })]) {
      const { rxBytes, txBytes } = row;
      assert.deepEqual(
        bytesOf(row.interfaces),
        { rxBytes, txBytes },
        `${row.key} by interface, ${where}`,
      );
    }
    for (const row of sampler.ps({ by: "process" })) {
      if (row.pid === null) continue;
      const { rxBytes, txBytes } = byProcess.get(row.pid - 1000) ?? NO_TRAFFIC;
      assert.deepEqual([row.rxBytes, row.txBytes], [rxBytes, txBytes], `${row.pid}, ${where}`);
    }
  }
  checkApplications();

  /** Some flows turn out to speak something, or something else than was thought; some hints come too late. */
  function learn(known: readonly PlainFlow[]): LearnedFacts[] {
    return known
      .filter(() => below(4) === 0)
      .map(({ index, serial = 1 }) => {
        const name = ["tls", "ssh", "dns"][below(3)] ?? "tls";
        const spoken = { name, inside: undefined, source: "bytes" } as const;
        return {
          index,
          serial: serial + (below(5) === 0 ? 1 : 0),
          facts: { host: undefined, spoken },
        };
      });
  }

  function announce(id: number) {
    const name = `application${below(6)}`;
    named.set(id, name);
    return processOf(id, {
      name,
      user: ["alice", "bob", undefined][below(3)],
      unit: below(2) === 0 ? undefined : `unit${below(3)}.service`,
    });
  }

  /** The flow that has the index now: the same, one with a corrected owner, or another. */
  function change(index: number, before: PlainFlow | undefined): PlainFlow {
    const process = below(nextProcess);
    const closed = below(6) === 0;
    if (before !== undefined && !before.closed && below(3) > 0) return { ...before, closed };
    const serial = (before?.serial ?? 0) + 1;
    if (before !== undefined && !before.closed && below(2) === 0) {
      return { ...before, serial, process, closed };
    }
    return {
      ...before,
      index,
      serial,
      process,
      closed,
      kind: KINDS[below(KINDS.length)] ?? "socket",
      interface: [0, LOOPBACK, ETHERNET, ETHERNET, TUNNEL, FOREIGN][below(6)] ?? 0,
      protocol: [6, 17, 1, 253][below(4)] ?? 6,
      remote: below(4) === 0 ? [] : [below(2) === 0 ? 10 : 127, 0, 0, below(30)],
      local: [10, 9, 9, 9],
      localPort: below(5),
      remotePort: below(5),
    };
  }

  function grow(flow: PlainFlow): PlainFlow {
    const now: Partial<Record<CounterName, number>> = {};
    for (const name of COUNTER_NAMES) {
      now[name] = (flow[name] ?? 0) + (below(3) === 0 ? below(1_000_000) : 0);
    }
    return { ...flow, ...now };
  }

  function checkApplications(): void {
    const byName = new Map<string, Traffic>();
    for (const [id, traffic] of byProcess) {
      const name = named.get(id) ?? "";
      byName.set(name, addTraffic(byName.get(name) ?? NO_TRAFFIC, traffic));
    }
    for (const row of sampler.groups("application")) {
      if (!row.key.startsWith("path:")) continue;
      assert.deepEqual(row.total, byName.get(row.name) ?? NO_TRAFFIC, row.name);
    }
  }
}

function isOwned({ kind }: PlainFlow): boolean {
  return kind === "socket" || kind === "link";
}

function scopeOf(flow: PlainFlow): "network" | "loopback" | undefined {
  if (["forwarded", "carried", "limited"].includes(flow.kind ?? "")) return undefined;
  const unknown = flow.interface === 0 || flow.interface === FOREIGN;
  if (unknown ? flow.remote?.[0] === 127 : flow.interface === LOOPBACK) return "loopback";
  if (flow.process === CARRIER && flow.interface !== TUNNEL) return undefined;
  return "network";
}

function between(before: PlainFlow | undefined, now: PlainFlow): Traffic {
  const grown = (...names: CounterName[]) =>
    names.reduce((all, name) => all + (now[name] ?? 0) - (before?.[name] ?? 0), 0);
  return {
    rxBytes: grown("rxDeviceBytes", "rxSegmentBytes"),
    txBytes: grown("txDeviceBytes", "txSegmentBytes"),
    rxPackets: grown("rxDevicePackets", "rxSegmentPackets"),
    txPackets: grown("txDevicePackets", "txSegmentPackets"),
    rxPayloadBytes: grown("rxPayloadBytes"),
    txPayloadBytes: grown("txPayloadBytes"),
    rxDeviceBytes: grown("rxDeviceBytes"),
    txDeviceBytes: grown("txDeviceBytes"),
  };
}

function withoutCopies(before: PlainFlow | undefined, now: PlainFlow, all: Traffic): Traffic {
  const grown = (name: CounterName) => (now[name] ?? 0) - (before?.[name] ?? 0);
  return {
    ...all,
    rxBytes: all.rxBytes - grown("rxCopyBytes"),
    txBytes: all.txBytes - grown("txCopyBytes"),
    rxPackets: all.rxPackets - grown("rxCopyPackets"),
    txPackets: all.txPackets - grown("txCopyPackets"),
    rxDeviceBytes: all.rxDeviceBytes - grown("rxCopyBytes"),
    txDeviceBytes: all.txDeviceBytes - grown("txCopyBytes"),
  };
}

function total(rows: readonly Traffic[]): Traffic {
  return rows.reduce(addTraffic, NO_TRAFFIC);
}

function bytesOf(rows: readonly Pick<Traffic, "rxBytes" | "txBytes">[]) {
  return {
    rxBytes: rows.reduce((all, { rxBytes }) => all + rxBytes, 0),
    txBytes: rows.reduce((all, { txBytes }) => all + txBytes, 0),
  };
}

/** Whole numbers below n, the same for the same seed: mulberry32 (Tommy Ettinger, public domain). */
function generator(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}
