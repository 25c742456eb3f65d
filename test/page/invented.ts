// Answers of a daemon that no real machine gives on demand: thousands of applications, names made to do harm.
import type { ActivityRow, LiveSample } from "../../src/model/live.ts";
import type { ConnectionList, Diagnosis, PsRow, Status } from "../../src/model/monitauri.ts";
import type { Connection, Traffic } from "../../src/model/sample.ts";

export const HOSTILE_NAMES = [
  "<img src=x onerror=window.harmed=1>",
  `${"a very long name ".repeat(19)}end`,
  "متصفح الشبكة",
  "דפדפן רשת (python3)",
  "{{constructor.constructor('window.harmed=1')()}}",
  "javascript:window.harmed=1",
  '=HYPERLINK("http://203.0.113.1")',
  "x".repeat(300),
];

export interface Invented {
  readonly applications: number;
  /** Of those, how many have traffic in a sample. */
  readonly active: number;
  readonly connections: number;
  readonly startedAtMs: number;
}

export function sample(id: number, { applications, active }: Invented): LiveSample {
  const rows: ActivityRow[] = [];
  for (let at = 0; at < Math.min(active, applications); at += 1) rows.push(activity(at, id));
  const sum = (of: (row: ActivityRow) => number) => rows.reduce((all, row) => all + of(row), 0);
  const [rxBytes, txBytes] = [sum((row) => row.rxBytes), sum((row) => row.txBytes)];
  return {
    id,
    atMs: Date.now(),
    intervalMs: 1000,
    gap: null,
    rxBytes,
    txBytes,
    rxLoopbackBytes: 0,
    txLoopbackBytes: 0,
    rxTotalBytes: rxBytes * id,
    txTotalBytes: txBytes * id,
    rxTotalLoopbackBytes: 0,
    txTotalLoopbackBytes: 0,
    interfaces: [{ name: "eth0", kind: "physical", rxBytes, txBytes }],
    applications: rows,
    others: { count: 0, rxBytes: 0, txBytes: 0, rxLoopbackBytes: 0, txLoopbackBytes: 0 },
    attributedShare: 0.9987,
    counting: "eBPF, send and receive tracepoints",
  };
}

/** Another number at each sample: every row of the page has something to draw. */
function activity(at: number, id: number): ActivityRow {
  const rxBytes = Math.round((4e6 / (at + 1)) * (1.2 + Math.sin(id / 7 + at)));
  const txBytes = Math.round((9e5 / (at + 1)) * (1.2 + Math.cos(id / 9 + at)));
  const none = { rxLoopbackBytes: 0, txLoopbackBytes: 0 };
  return {
    key: keyOf(at),
    name: nameOf(at),
    rxBytes,
    txBytes,
    ...none,
    total: { rxBytes: rxBytes * id, txBytes: txBytes * id, ...none },
    connections: 1 + (at % 7),
    interfaces: [{ name: "eth0", rxBytes, txBytes }],
  };
}

function nameOf(at: number): string {
  return HOSTILE_NAMES[at] ?? `application ${at}`;
}

function keyOf(at: number): string {
  return `path:/opt/programs/${at}`;
}

export function psRows({ applications, startedAtMs }: Invented): PsRow[] {
  return Array.from({ length: applications }, (_, at): PsRow => {
    const [rxBytes, txBytes] = [Math.round(8e8 / (at + 1)), Math.round(2e8 / (at + 1))];
    return {
      key: keyOf(at),
      application: nameOf(at),
      path: `/opt/programs/${at}`,
      pid: 1000 + at,
      pids: [1000 + at],
      arguments: [],
      user: "ada",
      container: null,
      unit: null,
      rxBytes,
      txBytes,
      rxPackets: 1000,
      txPackets: 1000,
      rxPayloadBytes: rxBytes,
      txPayloadBytes: txBytes,
      rxBytesPerSecond: 1000,
      txBytesPerSecond: 1000,
      rxLoopbackBytes: 0,
      txLoopbackBytes: 0,
      rxLoopbackBytesPerSecond: 0,
      txLoopbackBytesPerSecond: 0,
      interfaces: [{ name: "eth0", rxBytes, txBytes }],
      connections: 1 + (at % 7),
      startedAtMs,
      lastActiveAtMs: Date.now(),
      running: true,
      remainder: null,
      carries: null,
    };
  });
}

export function connections(
  query: URLSearchParams,
  { connections: total, startedAtMs }: Invented,
): ConnectionList {
  const offset = Number(query.get("offset") ?? 0);
  const limit = Math.min(Number(query.get("limit") ?? 10_000), total - offset);
  const rows = Array.from({ length: Math.max(0, limit) }, (_, at) =>
    connection(offset + at, startedAtMs),
  );
  return { connections: rows, count: total, total };
}

function connection(at: number, openedAtMs: number): Connection {
  const total: Traffic = {
    rxBytes: 1e6,
    txBytes: 1e5,
    rxPackets: 1,
    txPackets: 1,
    rxPayloadBytes: 1e6,
    txPayloadBytes: 1e5,
    rxDeviceBytes: 1e6,
    txDeviceBytes: 1e5,
  };
  return {
    id: `c${at}`,
    protocol: "tcp",
    localAddress: "192.0.2.10",
    localPort: 1024 + at,
    remoteAddress: `203.0.${at >> 8}.${at & 255}`,
    remotePort: 443,
    state: "ESTABLISHED",
    processId: at,
    pid: 1000 + at,
    application: nameOf(at),
    applicationKey: keyOf(at),
    user: "ada",
    interface: "eth0",
    container: undefined,
    unit: undefined,
    openedAtMs,
    lastActiveAtMs: openedAtMs,
    rttMs: 12.3,
    retransmits: 0,
    total,
    rxBytesPerSecond: 1000 + at,
    txBytesPerSecond: 100,
  };
}

export function status({ startedAtMs }: Invented): Status {
  const none = { rxPackets: 0, txPackets: 0, rxPayloadBytes: 0, txPayloadBytes: 0 };
  return {
    version: "0.0.0",
    pid: 1,
    startedAtMs,
    atMs: Date.now(),
    privileged: true,
    intervalMs: 1000,
    collector: {
      source: "eBPF",
      level: "send and receive tracepoints",
      missing: [],
      bounds: [],
      overflowRxBytes: 0,
      overflowTxBytes: 0,
      overflowPayloadBytes: 0,
      processOverflow: 0,
      socketOverflow: 0,
      missedRuns: 0,
      lostObservations: 0,
      kernelBytes: 0,
    },
    total: { rxBytes: 0, txBytes: 0, rxDeviceBytes: 0, txDeviceBytes: 0, ...none },
    rxBytesPerSecond: 0,
    txBytesPerSecond: 0,
    interfaces: [],
    gaps: [],
    threads: [{ name: "sampling", state: "running", restarts: 0, lastError: undefined }],
    own: { cpuMs: 100, residentBytes: 1e8, lastTickMs: 1 },
  };
}

export const DIAGNOSIS: Diagnosis = { findings: [], bounds: [], missing: [], credits: [] };
