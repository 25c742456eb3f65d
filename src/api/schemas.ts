/** The API's answers as zod schemas: they make the OpenAPI document, and the compiler holds them to the model's types. */

import { z } from "@hono/zod-openapi";
import type { LiveSample } from "../model/live.ts";
import type {
  ConnectionList,
  Diagnosis,
  Invitation,
  Listener,
  NewToken,
  PsRow,
  Status,
  Token,
} from "../model/monitauri.ts";
import type { GroupRow } from "../model/sample.ts";
import { alertStatusSchema } from "./alert-schemas.ts";

const count = z.number();

const traffic = z
  .object({
    rxBytes: count,
    txBytes: count,
    rxPackets: count,
    txPackets: count,
    rxPayloadBytes: count,
    txPayloadBytes: count,
    rxDeviceBytes: count,
    txDeviceBytes: count,
  })
  .openapi("Traffic");

const rates = { rxBytesPerSecond: count, txBytesPerSecond: count };

export const unavailableSchema = z
  .object({
    unavailable: z.literal(true),
    feature: z.string(),
    reason: z.string(),
    remedy: z.string(),
  })
  .openapi("Unavailable");

const bound = z
  .object({ name: z.string(), used: count, limit: count, whenFull: z.string() })
  .openapi("Bound");

const collectorHealth = z
  .object({
    source: z.string(),
    level: z.string(),
    missing: z.array(unavailableSchema),
    bounds: z.array(bound),
    overflowRxBytes: count,
    overflowTxBytes: count,
    overflowPayloadBytes: count,
    processOverflow: count,
    socketOverflow: count,
    missedRuns: count,
    lostObservations: count,
    lostNames: count,
    kernelBytes: count,
  })
  .openapi("CollectorHealth");

const part = z.object({ rxBytes: count, txBytes: count }).optional();

const interfaceKind = z.enum(["loopback", "physical", "virtual", "tunnel"]);

const interfaceCoverage = z
  .object({
    name: z.string(),
    kind: interfaceKind,
    present: z.boolean(),
    rxBytes: count,
    txBytes: count,
    rxAttributedBytes: count,
    txAttributedBytes: count,
    remainders: z.object({
      kernel: part,
      forwarded: part,
      carried: part,
      limited: part,
      overflow: part,
      unknown: part,
    }),
    rxCoverage: count.optional(),
    txCoverage: count.optional(),
  })
  .openapi("InterfaceCoverage");

const gapReason = z.enum(["suspended", "clock-changed", "sampler-restarted", "late"]);

const gap = z.object({ fromMs: count, toMs: count, reason: gapReason });

const thread = z.object({
  name: z.string(),
  state: z.enum(["running", "restarting", "stopped"]),
  restarts: count,
  lastError: z.string().optional(),
});

export const statusSchema = z
  .object({
    version: z.string(),
    pid: count,
    startedAtMs: count,
    atMs: count,
    privileged: z.boolean(),
    intervalMs: count,
    collector: collectorHealth.optional(),
    total: traffic,
    ...rates,
    interfaces: z.array(interfaceCoverage),
    gaps: z.array(gap),
    threads: z.array(thread),
    alerts: alertStatusSchema,
    own: z.object({ cpuMs: count, residentBytes: count, lastTickMs: count.optional() }),
  })
  .openapi("Status");

const container = z
  .object({
    engine: z.enum(["docker", "podman", "containerd", "lxc", "kubernetes", "unknown"]),
    id: z.string(),
    name: z.string().optional(),
    image: z.string().optional(),
  })
  .openapi("Container");

const interfaceBytes = { name: z.string(), rxBytes: count, txBytes: count };
const loopbackBytes = { rxLoopbackBytes: count, txLoopbackBytes: count };

const hostName = z
  .object({
    name: z.string(),
    source: z.enum(["tls", "quic", "http", "dns", "mdns", "hosts", "reverse"]),
    alternatives: z.array(z.string()),
    mayBeCover: z.boolean().optional(),
  })
  .openapi("HostName");

const networkOf = z
  .object({
    kind: z.enum([
      "loopback",
      "link-local",
      "private",
      "shared",
      "multicast",
      "documentation",
      "reserved",
      "public",
    ]),
    country: z.string().optional(),
    asn: count.optional(),
    organisation: z.string().optional(),
  })
  .openapi("NetworkOf");

const spokenProtocol = z
  .object({ name: z.string(), inside: z.string().optional(), source: z.enum(["bytes", "port"]) })
  .openapi("SpokenProtocol");

const remoteEnd = z
  .object({
    address: z.string(),
    host: hostName.optional(),
    spoken: spokenProtocol.optional(),
    network: networkOf.optional(),
    rxBytes: count,
    txBytes: count,
  })
  .openapi("RemoteEnd");

export const psRowSchema = z
  .object({
    key: z.string(),
    application: z.string(),
    path: z.string().nullable(),
    pid: count.nullable(),
    pids: z.array(count),
    arguments: z.array(z.string()),
    user: z.string().nullable(),
    container: container.nullable(),
    unit: z.string().nullable(),
    rxBytes: count,
    txBytes: count,
    rxPackets: count,
    txPackets: count,
    rxPayloadBytes: count,
    txPayloadBytes: count,
    ...rates,
    ...loopbackBytes,
    rxLoopbackBytesPerSecond: count,
    txLoopbackBytesPerSecond: count,
    interfaces: z.array(z.object(interfaceBytes)),
    ends: z.array(remoteEnd),
    connections: count,
    startedAtMs: count.nullable(),
    lastActiveAtMs: count,
    running: z.boolean(),
    remainder: z.string().nullable(),
    carries: z.string().nullable(),
  })
  .openapi("PsRow");

const dataCredit = z
  .object({
    gives: z.string(),
    package: z.string(),
    collectedAtMs: count,
    credit: z.string(),
    link: z.string(),
    licence: z.string(),
  })
  .openapi("DataCredit");

const connection = z
  .object({
    id: z.string(),
    protocol: z.string(),
    localAddress: z.string(),
    localPort: count,
    remoteAddress: z.string().optional(),
    remotePort: count.optional(),
    state: z.string().optional(),
    processId: count,
    pid: count.optional(),
    application: z.string(),
    applicationKey: z.string(),
    user: z.string().optional(),
    interface: z.string().optional(),
    container: z.string().optional(),
    unit: z.string().optional(),
    openedAtMs: count,
    lastActiveAtMs: count,
    rttMs: count.optional(),
    retransmits: count.optional(),
    host: hostName.optional(),
    spoken: spokenProtocol.optional(),
    network: networkOf.optional(),
    total: traffic,
    ...rates,
  })
  .openapi("Connection");

export const connectionListSchema = z
  .object({ connections: z.array(connection), count, total: count })
  .openapi("ConnectionList");

export const listenerSchema = z
  .object({
    protocol: z.string(),
    localAddress: z.string(),
    localPort: count,
    pid: count.nullable(),
    key: z.string().nullable(),
    application: z.string(),
    path: z.string().nullable(),
    user: z.string().nullable(),
    container: z.string().nullable(),
    service: z.string().optional(),
    usualDaemon: z.string().optional(),
  })
  .openapi("Listener");

const ownedBytes = { rxBytes: count, txBytes: count, ...loopbackBytes };

const activityRow = z
  .object({
    key: z.string(),
    name: z.string(),
    ...ownedBytes,
    total: z.object(ownedBytes),
    connections: count,
    interfaces: z.array(z.object(interfaceBytes)),
  })
  .openapi("ActivityRow");

export const liveSampleSchema = z
  .object({
    id: count,
    atMs: count,
    intervalMs: count,
    gap: gapReason.nullable(),
    ...ownedBytes,
    rxTotalBytes: count,
    txTotalBytes: count,
    rxTotalLoopbackBytes: count,
    txTotalLoopbackBytes: count,
    interfaces: z.array(z.object({ ...interfaceBytes, kind: interfaceKind })),
    applications: z.array(activityRow),
    others: z.object({ count, ...ownedBytes }),
    attributedShare: count.nullable(),
    counting: z.string(),
  })
  .openapi("LiveSample");

export const groupRowSchema = z
  .object({
    key: z.string(),
    name: z.string(),
    total: traffic,
    delta: traffic,
    ...rates,
    connections: count,
    lastActiveAtMs: count,
  })
  .openapi("GroupRow");

const finding = z
  .object({
    feature: z.string(),
    state: z.enum(["ok", "limited", "missing"]),
    detail: z.string(),
    remedy: z.string().optional(),
  })
  .openapi("Finding");

export const diagnosisSchema = z
  .object({
    findings: z.array(finding),
    bounds: z.array(bound),
    missing: z.array(unavailableSchema),
    credits: z.array(dataCredit),
  })
  .openapi("Diagnosis");

export const invitationSchema = z
  .object({ url: z.string(), expiresAtMs: count })
  .openapi("Invitation");

export const tokenSchema = z
  .object({ name: z.string(), createdAtMs: count, lastUsedAtMs: count.nullable() })
  .openapi("Token");

export const newTokenSchema = z.object({ name: z.string(), token: z.string() }).openapi("NewToken");

export const sessionSchema = z.object({ token: z.string(), expiresAtMs: count }).openapi("Session");

export const errorSchema = z
  .object({
    error: z.object({
      code: z.enum([
        "unsupported",
        "unauthorized",
        "forbidden",
        "busy",
        "invalid",
        "not-found",
        "unreachable",
        "failed",
      ]),
      message: z.string(),
    }),
  })
  .openapi("Error");

/** Same keys and same kinds of values, apart from readonly and from undefined, which JSON leaves out. */
type Plain<T> = T extends (infer Item)[] | readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Plain<Exclude<T[Key], undefined>> }
    : T;
export type Same<Schema extends z.ZodType, T> = [Plain<z.infer<Schema>>, Plain<T>] extends [
  Plain<T>,
  Plain<z.infer<Schema>>,
]
  ? true
  : never;

// Never called: a schema that has drifted from the model does not compile.
export const SCHEMAS_MATCH: [
  Same<typeof statusSchema, Status>,
  Same<typeof psRowSchema, PsRow>,
  Same<typeof connectionListSchema, ConnectionList>,
  Same<typeof groupRowSchema, GroupRow>,
  Same<typeof diagnosisSchema, Diagnosis>,
  Same<typeof listenerSchema, Listener>,
  Same<typeof liveSampleSchema, LiveSample>,
  Same<typeof invitationSchema, Invitation>,
  Same<typeof tokenSchema, Token>,
  Same<typeof newTokenSchema, NewToken>,
] = [true, true, true, true, true, true, true, true, true, true];
