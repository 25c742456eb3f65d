/** `Monitauri` in process: what the API serves. */

import type { DeliveryState } from "../alerts/deliver/delivery.ts";
import type { Access } from "../api/access.ts";
import { MonitauriError } from "../model/error.ts";
import { formatBytes } from "../model/format.ts";
import type { ExportQuery } from "../model/history.ts";
import type { Diagnosis, Finding, Invitation, Monitauri, Status } from "../model/monitauri.ts";
import type { Bound, CollectorHealth } from "../model/snapshot.ts";
import { exportParts } from "../store/export.ts";
import { deliveryHealth } from "./alert-health.ts";
import type { Alerts } from "./alerts.ts";
import type { History } from "./history.ts";
import { historyHealth } from "./history-health.ts";
import type { DaemonLimits } from "./limits.ts";
import type { LiveFeed } from "./live-feed.ts";
import type { Sampling } from "./sampling.ts";

export interface MonitauriParts {
  readonly sampling: Pick<
    Sampling,
    "latest" | "totals" | "thread" | "intervalMs" | "passedOver" | "credits" | "ask"
  >;
  readonly feed: Pick<LiveFeed, "read" | "bounds">;
  /** undefined: switched off. */
  readonly history: Pick<History, "ask" | "state" | "thread"> | undefined;
  readonly alerts: Pick<Alerts, "questions" | "troubles" | "bounds" | "rules" | "status">;
  /** How the delivery of alerts fares; where not given, nothing is delivered. */
  readonly delivery?: () => DeliveryState;
  readonly limits: DaemonLimits;
  readonly access: Pick<Access, "tokens" | "addToken" | "removeToken" | "bounds">;
  /** @throws MonitauriError "unsupported" where no page is served. */
  readonly invite: () => Invitation;
  readonly version: string;
  readonly privileged: boolean;
  readonly startedAtMs: number;
  /** How full the port is; where not given, there is none. */
  readonly clients?: () => readonly Bound[];
  /** What this machine can do, looked up at the time of the question. */
  readonly findings: () => readonly Finding[];
  readonly now?: () => number;
}

export function createMonitauri(parts: MonitauriParts): Monitauri {
  const { sampling, feed, access, limits } = parts;
  return {
    status: async () => status(parts),
    live: (query) => feed.read(query),
    ps: (query = {}) => sampling.ask("ps", query),
    connections: (query = {}) => sampling.ask("connections", query),
    listeners: () => sampling.ask("listeners", null),
    groups: (by) => sampling.ask("groups", by),
    doctor: () => diagnosis(parts),
    history: async (query) => kept(parts).ask("query", query),
    historyState: async () => kept(parts).state(),
    exportHistory: (query) => exported(parts, query),
    exportParquet: (query) => exportedAsParquet(parts, query),
    importHistory: async ({ text }) => kept(parts).ask("importVnstat", text),
    ...parts.alerts.questions,
    limits: () => limits.limits(),
    addLimit: async (wish, options) => limits.addLimit(wish, options),
    setLimit: async (id, change, options) => limits.setLimit(id, change, options),
    removeLimit: async (id) => limits.removeLimit(id),
    clearLimits: async () => limits.clearLimits(),
    previewLimit: async (change, id, options) => limits.previewLimit(change, id, options),
    confirmLimit: async (id) => limits.confirmLimit(id),
    addQuota: async (wish) => limits.addQuota(wish),
    setQuota: async (id, change) => limits.setQuota(id, change),
    removeQuota: async (id) => limits.removeQuota(id),
    previewQuota: async (change, id) => limits.previewQuota(change, id),
    invite: async () => parts.invite(),
    tokens: async () => access.tokens(),
    addToken: async (name) => access.addToken(name),
    removeToken: async (name) => access.removeToken(name),
  };
}

function kept({ history }: MonitauriParts): Pick<History, "ask" | "state"> {
  if (history !== undefined) return history;
  throw new MonitauriError(
    "unsupported",
    "Cannot tell of the past: the history is switched off. Remove history = false from config.toml and start again",
  );
}

async function* exported(parts: MonitauriParts, query: ExportQuery): AsyncGenerator<string> {
  const history = kept(parts);
  const pieces = exportParts((cursor) => history.ask("exportPart", { query, cursor }));
  for await (const { text } of pieces) yield text;
}

/** The library is only loaded where somebody wants it. */
async function* exportedAsParquet(
  parts: MonitauriParts,
  query: Omit<ExportQuery, "format">,
): AsyncGenerator<Uint8Array> {
  const history = kept(parts);
  const { parquetOf } = await import("../store/parquet.ts");
  const rows = exportParts((cursor) =>
    history.ask("exportPart", { query: { ...query, format: "jsonl" }, cursor }),
  );
  yield* parquetOf(rows, query);
}

function status({
  sampling,
  history,
  alerts,
  delivery,
  version,
  privileged,
  startedAtMs,
  now = Date.now,
}: MonitauriParts): Status {
  const sample = sampling.latest();
  const thread = sampling.thread();
  // The last sample of a thread that is gone says nothing about now.
  const running = thread.state === "running" ? sample : undefined;
  const { user, system } = process.cpuUsage();
  return {
    version,
    pid: process.pid,
    startedAtMs,
    atMs: now(),
    privileged,
    intervalMs: sampling.intervalMs(),
    collector: running?.health,
    total: sampling.totals.sum(),
    rxBytesPerSecond: running?.rxBytesPerSecond ?? 0,
    txBytesPerSecond: running?.txBytesPerSecond ?? 0,
    interfaces: sample?.coverage ?? [],
    gaps: sampling.totals.gaps(),
    threads: [thread, ...(history === undefined ? [] : [history.thread()])],
    alerts: alerts.status(delivery?.()),
    own: {
      cpuMs: (user + system) / 1000,
      residentBytes: process.memoryUsage.rss(),
      lastTickMs: sample?.tickMs,
    },
  };
}

async function diagnosis(parts: MonitauriParts): Promise<Diagnosis> {
  const { sampling, findings, feed, access, history, limits, alerts } = parts;
  const past = await historyHealth(history);
  const delivery = deliveryHealth(parts.delivery?.(), (parts.now ?? Date.now)());
  const health = sampling.latest()?.health;
  const thread = sampling.thread();
  const threadFinding: Finding = {
    feature: "sampling thread",
    state: thread.state === "running" ? "ok" : "missing",
    detail:
      thread.restarts === 0
        ? thread.state
        : `${thread.state}, started again ${thread.restarts} times`,
    remedy:
      thread.state === "running" ? undefined : (thread.lastError ?? "wait: it is started again"),
  };
  return {
    findings: [
      ...findings(),
      threadFinding,
      ...(health === undefined ? [] : [lossFinding(health)]),
      past.finding,
      ...delivery.findings,
      limits.finding(),
      alertFinding(alerts),
    ],
    bounds: [
      ...(health?.bounds ?? []),
      ...feed.bounds(),
      ...access.bounds(),
      ...(parts.clients?.() ?? []),
      ...past.bounds,
      ...delivery.bounds,
      ...limits.bounds(),
      ...alerts.bounds(),
    ],
    missing: [...sampling.passedOver(), ...(health?.missing ?? [])],
    credits: sampling.credits(),
  };
}

function alertFinding({ rules, troubles }: MonitauriParts["alerts"]): Finding {
  const feature = "alerts";
  const wrong = troubles();
  const detail = `${rules === 0 ? "no rules" : rules === 1 ? "1 rule" : `${rules} rules`}`;
  if (wrong.length === 0) return { feature, state: "ok", detail, remedy: undefined };
  return {
    feature,
    state: "limited",
    detail: `${detail}; ${wrong.join("; ")}`,
    remedy: "correct what it says; it is tried again by itself",
  };
}

/** What had no room or was skipped is counted, and said. */
function lossFinding(health: CollectorHealth): Finding {
  const feature = "completeness";
  const bytes = health.overflowRxBytes + health.overflowTxBytes + health.overflowPayloadBytes;
  const unrecognised = health.lostObservations - health.lostNames;
  const losses: [count: number, what: string][] = [
    [bytes, `${formatBytes(bytes)} without a row of their own`],
    [health.processOverflow, `${health.processOverflow} processes without a name`],
    [health.socketOverflow, `${health.socketOverflow} sockets without an owner`],
    [health.lostNames, `${health.lostNames} connections without a name`],
    [unrecognised, `${unrecognised} connections with a protocol guessed by its port`],
    [health.missedRuns, `${health.missedRuns} runs of kernel programs skipped by the kernel`],
  ];
  const found = losses.filter(([count]) => count > 0).map(([, what]) => what);
  if (found.length === 0) {
    return { feature, state: "ok", detail: "nothing was lost or folded", remedy: undefined };
  }
  const remedy = "the table below shows what is full; restarting the daemon empties it";
  return { feature, state: "limited", detail: found.join("; "), remedy };
}
