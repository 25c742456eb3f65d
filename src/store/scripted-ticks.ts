/** Ticks made up by a seed, for tests and measurements. */

import type {
  CoverageBytes,
  HistoryActivity,
  HistoryDetail,
  HistoryProcess,
  HistoryTick,
} from "../model/history.ts";

/** 0..1, the same for the same seed (mulberry32). */
export type Chance = () => number;

export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function detailOf(different: Partial<HistoryDetail> = {}): HistoryDetail {
  return {
    application: "path:/usr/bin/curl",
    interface: "eth0",
    remote: "example.org",
    address: "192.0.2.7",
    port: 443,
    ipProtocol: 6,
    spoken: "tls",
    direction: "out",
    scope: "internet",
    user: "ann",
    container: "",
    country: "DE",
    rxBytes: 0,
    txBytes: 0,
    connectionsOpened: 0,
    ...different,
  };
}

/** A tick in which applications and machine are the sums of the details. */
export function tickOf(
  atMs: number,
  details: readonly HistoryDetail[],
  different: Partial<HistoryTick> = {},
): HistoryTick {
  const rows = new Map<string, Row>();
  const machine = { rxBytes: 0, txBytes: 0, rxLoopbackBytes: 0, txLoopbackBytes: 0 };
  for (const detail of details) {
    const row = rows.get(detail.application) ?? rowOf(detail.application);
    rows.set(detail.application, row);
    const isLoopback = detail.scope === "loopback";
    const on = row.byInterface.get(detail.interface) ?? { rxBytes: 0, txBytes: 0 };
    row.byInterface.set(detail.interface, on);
    for (const sums of [row, on]) {
      sums.rxBytes += detail.rxBytes;
      sums.txBytes += detail.txBytes;
    }
    row.rxLoopbackBytes += isLoopback ? detail.rxBytes : 0;
    row.txLoopbackBytes += isLoopback ? detail.txBytes : 0;
    machine[isLoopback ? "rxLoopbackBytes" : "rxBytes"] += detail.rxBytes;
    machine[isLoopback ? "txLoopbackBytes" : "txBytes"] += detail.txBytes;
  }
  const processes = [...rows.values()].map((row): HistoryProcess => {
    const { key: application, name, byInterface, ...bytes } = row;
    const interfaces = [...byInterface].map(([on, moved]) => ({ name: on, ...moved }));
    return { ...PROCESS, application, name, ...bytes, interfaces };
  });
  const applications: HistoryActivity[] = [...rows.values()].map(({ byInterface, ...row }) => ({
    ...row,
    interfaces: [...byInterface].map(([name, bytes]) => ({ name, ...bytes })),
  }));
  const coverage: CoverageBytes[] =
    machine.rxBytes + machine.txBytes === 0
      ? []
      : [
          {
            interface: "eth0",
            rxCountedBytes: machine.rxBytes,
            txCountedBytes: machine.txBytes,
            rxAttributedBytes: machine.rxBytes,
            txAttributedBytes: machine.txBytes,
          },
        ];
  return {
    atMs,
    intervalMs: 1_000,
    gap: null,
    machine,
    applications,
    details,
    processes,
    coverage,
    ...different,
  };
}

/** Each application has one. */
const PROCESS = {
  pid: 100,
  startedAtMs: 1_700_000_000_000,
  user: "ann",
  container: "",
};

interface Row {
  readonly key: string;
  readonly name: string;
  rxBytes: number;
  txBytes: number;
  rxLoopbackBytes: number;
  txLoopbackBytes: number;
  readonly byInterface: Map<string, { rxBytes: number; txBytes: number }>;
}

function rowOf(key: string): Row {
  return {
    key,
    name: key.slice(key.lastIndexOf("/") + 1),
    rxBytes: 0,
    txBytes: 0,
    rxLoopbackBytes: 0,
    txLoopbackBytes: 0,
    byInterface: new Map(),
  };
}

const SCOPES = ["internet", "internet", "lan", "vpn", "loopback", "other"] as const;

/** A few details of a small world, so that rows meet again. */
export function randomDetails(chance: Chance): HistoryDetail[] {
  const pick = (n: number) => Math.floor(chance() * n);
  return Array.from({ length: pick(6) }, () => {
    const scope = SCOPES[pick(SCOPES.length)] ?? "other";
    return detailOf({
      application: `path:/usr/bin/app-${pick(4)}`,
      interface: scope === "loopback" ? "lo" : `eth${pick(2)}`,
      remote: `host-${pick(8)}.example`,
      port: pick(2) === 0 ? 443 : 53,
      spoken: pick(3) === 0 ? "" : "tls",
      direction: pick(4) === 0 ? "in" : "out",
      user: `user-${pick(2)}`,
      container: pick(3) === 0 ? "web" : "",
      country: pick(2) === 0 ? "DE" : "FR",
      scope,
      rxBytes: pick(1e6),
      txBytes: pick(1e5),
      connectionsOpened: pick(2),
    });
  });
}
