// Answers of a daemon that no real machine gives on demand: thousands of applications, names made to do harm.
import type { ActivityRow, LiveSample } from "../../src/model/live.ts";
import type { ConnectionList, Diagnosis, PsRow, Status } from "../../src/model/monitauri.ts";
import type { Connection, GroupRow, Traffic } from "../../src/model/sample.ts";

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
  // What the rates above come to: a total never goes back, so that rows sorted by it stand still.
  const rxTotal = (4e6 / (at + 1)) * (1.2 * id - 7 * Math.cos(id / 7 + at) + 7);
  const txTotal = (9e5 / (at + 1)) * (1.2 * id + 9 * Math.sin(id / 9 + at) + 9);
  const total = { rxBytes: Math.round(rxTotal), txBytes: Math.round(txTotal), ...none };
  return {
    key: keyOf(at),
    name: nameOf(at),
    rxBytes,
    txBytes,
    ...none,
    total,
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
      ends: [],
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
    retransmits: at % 5,
    ...factsOf(at),
    total,
    rxBytesPerSecond: 1000 + at,
    txBytesPerSecond: 100,
  };
}

const COUNTRIES = ["DE", "NL", "US", "JP", undefined] as const;
const SPOKEN = ["tls", "quic", "ssh", "postgresql"] as const;

/** Every kind of fact, and what has none. */
function factsOf(at: number): Pick<Connection, "host" | "spoken" | "network"> {
  const name = `host-${at % 9}.example.org`;
  const country = COUNTRIES[at % COUNTRIES.length];
  const spoken = SPOKEN[at % SPOKEN.length] ?? "tls";
  const isGuess = spoken === "postgresql";
  return {
    host:
      at % 4 === 3
        ? undefined
        : {
            name,
            source: at % 3 === 0 ? "tls" : "dns",
            alternatives: at % 3 === 0 ? [] : ["www.example.net", "example.com"],
            mayBeCover: at % 7 === 1,
          },
    spoken: {
      name: spoken,
      inside: spoken === "tls" ? "h2" : undefined,
      source: isGuess ? "port" : "bytes",
    },
    network:
      at % 6 === 5
        ? { kind: "private", country: undefined, asn: undefined, organisation: undefined }
        : { kind: "public", country, asn: 64_500 + (at % 9), organisation: "Example Networks" },
  };
}

export function groups(by: string): GroupRow[] {
  const row = (key: string, name: string, rxBytes: number): GroupRow => {
    const total = { ...NOTHING, rxBytes };
    const now = { rxBytesPerSecond: 0, txBytesPerSecond: 0, connections: 1, lastActiveAtMs: 0 };
    return { key, name, total, delta: NOTHING, ...now };
  };
  const rows = (names: readonly string[]) =>
    names.map((name, at) => row(name, name, 1e9 / (at + 1)));
  switch (by) {
    case "country":
      return rows(["DE", "NL", ":private", "US", ":unknown", "JP", ":loopback", "BR"]);
    case "spoken":
      return rows(["tls", "quic", "ssh", "postgresql", "other tcp"]);
    case "remote":
      return Array.from({ length: 9 }, (_, at) =>
        row(`203.0.113.${at}`, `host-${at}.example.org`, 1e9 / (at + 1)),
      );
    default:
      return [];
  }
}

const NOTHING: Traffic = {
  rxBytes: 0,
  txBytes: 0,
  rxPackets: 0,
  txPackets: 0,
  rxPayloadBytes: 0,
  txPayloadBytes: 0,
  rxDeviceBytes: 0,
  txDeviceBytes: 0,
};

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
      lostNames: 0,
      kernelBytes: 0,
    },
    total: { rxBytes: 0, txBytes: 0, rxDeviceBytes: 0, txDeviceBytes: 0, ...none },
    rxBytesPerSecond: 0,
    txBytesPerSecond: 0,
    interfaces: [],
    gaps: [],
    threads: [{ name: "sampling", state: "running", restarts: 0, lastError: undefined }],
    alerts: {
      rules: 0,
      activeRules: 0,
      faultyRules: 0,
      troubles: [],
      learning: [],
      unread: 0,
      ongoing: 0,
      waiting: 0,
      lastFailure: null,
    },
    own: { cpuMs: 100, residentBytes: 1e8, lastTickMs: 1 },
  };
}

const CREDIT = {
  gives: "country",
  package: "example-data 1.0",
  collectedAtMs: Date.UTC(2026, 0, 1),
  credit: "Country data by Example",
  link: "https://example.org/",
  licence: "CC-BY-4.0",
};

export const DIAGNOSIS: Diagnosis = { findings: [], bounds: [], missing: [], credits: [CREDIT] };
