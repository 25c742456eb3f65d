/** Makes a tick's details and its applications agree to the byte: what details do not explain has one without a remote. */

import {
  HISTORY_DIRECTIONS,
  HISTORY_SCOPES,
  type HistoryDetail,
  type HistoryTick,
  MAX_TICK_DETAILS,
  UNEXPLAINED,
} from "../model/history.ts";

export type PlainDetail = HistoryDetail;

/** Bytes of an application on an interface. */
export interface UsageCell {
  readonly application: string;
  readonly name: string;
  readonly interface: string;
  rxBytes: number;
  txBytes: number;
  rxLoopbackBytes: number;
  txLoopbackBytes: number;
}

export interface Reconciled {
  readonly usage: readonly UsageCell[];
  /** Per application and interface their bytes are those of `usage`, and those of scope "loopback" its loopback part. */
  readonly details: readonly PlainDetail[];
}

/** Bytes become whole numbers of at least 0: one that is none would be refused by the table, and the tick with it. */
export function reconcile(tick: Pick<HistoryTick, "applications" | "details">): Reconciled {
  const cells = new Map<string, Cell>();
  const details: PlainDetail[] = [];
  const names = new Map(tick.applications.map(({ key, name }) => [key, name]));
  const cellFor = (application: string, on: string) => {
    const key = `${on}\0${application}`;
    const known = cells.get(key);
    if (known !== undefined) return known;
    const fresh = cellOf(application, names.get(application) ?? application, on);
    cells.set(key, fresh);
    return fresh;
  };
  for (const detail of tick.details.slice(0, MAX_TICK_DETAILS)) {
    const one = cleaned(detail);
    const { explained } = cellFor(one.application, one.interface);
    addTo(explained, one, one.scope === "loopback");
    details.push(one);
  }
  for (const row of tick.applications) {
    const rest = { rxBytes: whole(row.rxBytes), txBytes: whole(row.txBytes) };
    for (const one of row.interfaces) {
      const { usage } = cellFor(row.key, one.name);
      const rxBytes = whole(one.rxBytes);
      const txBytes = whole(one.txBytes);
      usage.rxBytes += rxBytes;
      usage.txBytes += txBytes;
      rest.rxBytes -= rxBytes;
      rest.txBytes -= txBytes;
    }
    if (rest.rxBytes > 0 || rest.txBytes > 0) {
      const { usage } = cellFor(row.key, "");
      usage.rxBytes += Math.max(0, rest.rxBytes);
      usage.txBytes += Math.max(0, rest.txBytes);
    }
  }
  const loopback = new Map(
    tick.applications.map((row) => [
      row.key,
      { rx: whole(row.rxLoopbackBytes), tx: whole(row.txLoopbackBytes) },
    ]),
  );
  for (const { usage, explained } of cells.values()) {
    const left = loopback.get(usage.application);
    if (left === undefined) continue;
    left.rx -= explained.rxLoopbackBytes;
    left.tx -= explained.txLoopbackBytes;
  }
  // "lo" and "lo0" first: a loopback part that no detail explains is theirs.
  const ordered = [...cells.values()].sort((a, b) => Number(isLo(b)) - Number(isLo(a)));
  for (const { usage, explained } of ordered) {
    usage.rxBytes = Math.max(usage.rxBytes, explained.rxBytes);
    usage.txBytes = Math.max(usage.txBytes, explained.txBytes);
    const rxRest = usage.rxBytes - explained.rxBytes;
    const txRest = usage.txBytes - explained.txBytes;
    const left = loopback.get(usage.application) ?? { rx: 0, tx: 0 };
    const rxLoopback = Math.max(0, Math.min(rxRest, left.rx));
    const txLoopback = Math.max(0, Math.min(txRest, left.tx));
    left.rx -= rxLoopback;
    left.tx -= txLoopback;
    usage.rxLoopbackBytes = explained.rxLoopbackBytes + rxLoopback;
    usage.txLoopbackBytes = explained.txLoopbackBytes + txLoopback;
    addUnexplained(details, usage, { scope: "loopback", rx: rxLoopback, tx: txLoopback });
    addUnexplained(details, usage, {
      scope: "other",
      rx: rxRest - rxLoopback,
      tx: txRest - txLoopback,
    });
  }
  return { usage: ordered.map(({ usage }) => usage), details };
}

interface Cell {
  readonly usage: UsageCell;
  /** What the details say. */
  readonly explained: UsageCell;
}

function cellOf(application: string, name: string, on: string): Cell {
  const empty = {
    application,
    name,
    interface: on,
    rxBytes: 0,
    txBytes: 0,
    rxLoopbackBytes: 0,
    txLoopbackBytes: 0,
  };
  return { usage: { ...empty }, explained: { ...empty } };
}

function addTo(
  cell: UsageCell,
  bytes: { rxBytes: number; txBytes: number },
  loopback: boolean,
): void {
  cell.rxBytes += bytes.rxBytes;
  cell.txBytes += bytes.txBytes;
  if (!loopback) return;
  cell.rxLoopbackBytes += bytes.rxBytes;
  cell.txLoopbackBytes += bytes.txBytes;
}

function addUnexplained(
  details: PlainDetail[],
  usage: UsageCell,
  { scope, rx, tx }: { scope: "loopback" | "other"; rx: number; tx: number },
): void {
  if (rx === 0 && tx === 0) return;
  const { application, interface: on } = usage;
  details.push({ ...UNEXPLAINED, application, interface: on, scope, rxBytes: rx, txBytes: tx });
}

function cleaned(detail: HistoryDetail): PlainDetail {
  return {
    ...detail,
    port: whole(detail.port),
    ipProtocol: whole(detail.ipProtocol),
    direction: HISTORY_DIRECTIONS.includes(detail.direction) ? detail.direction : "out",
    scope: HISTORY_SCOPES.includes(detail.scope) ? detail.scope : "other",
    rxBytes: whole(detail.rxBytes),
    txBytes: whole(detail.txBytes),
    connectionsOpened: whole(detail.connectionsOpened),
  };
}

function isLo({ usage }: Cell): boolean {
  return usage.interface.startsWith("lo");
}

/** Of any number; JavaScript keeps whole ones up to 2^53 exactly, 9 PB in one interval. */
export function whole(value: number): number {
  if (!(value > 0)) return 0;
  return value < Number.MAX_SAFE_INTEGER ? Math.round(value) : Number.MAX_SAFE_INTEGER;
}
