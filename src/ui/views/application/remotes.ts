/** Connections summed up by who is at the other end: its name where that is known, else its address (pure). */

import type { HostName } from "../../../model/naming.ts";
import type { Connection } from "../../../model/sample.ts";
import { spokenText } from "../../look/spoken.ts";

export interface RemoteRow {
  readonly key: string;
  readonly host: HostName | undefined;
  /** Each once, as are the others. */
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
  /** "TLS · h2" */
  readonly spoken: readonly string[];
  readonly connections: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
}

/** The one with most bytes first. */
export function remotesOf(connections: readonly Connection[]): RemoteRow[] {
  const found = new Map<string, RemoteRow>();
  for (const { remoteAddress, remotePort, host, spoken, total, ...now } of connections) {
    if (remoteAddress === undefined) continue;
    const key = host?.name ?? remoteAddress;
    const before = found.get(key);
    found.set(key, {
      key,
      host: before?.host ?? host,
      addresses: withOne(before?.addresses, remoteAddress),
      ports: withOne(before?.ports, remotePort),
      spoken: withOne(before?.spoken, spoken === undefined ? undefined : spokenText(spoken)),
      connections: (before?.connections ?? 0) + 1,
      rxBytes: (before?.rxBytes ?? 0) + total.rxBytes,
      txBytes: (before?.txBytes ?? 0) + total.txBytes,
      rxBytesPerSecond: (before?.rxBytesPerSecond ?? 0) + now.rxBytesPerSecond,
      txBytesPerSecond: (before?.txBytesPerSecond ?? 0) + now.txBytesPerSecond,
    });
  }
  return [...found.values()].sort((a, b) => b.rxBytes + b.txBytes - a.rxBytes - a.txBytes);
}

function withOne<T>(all: readonly T[] = [], one: T | undefined): readonly T[] {
  return one === undefined || all.includes(one) ? all : [...all, one];
}
