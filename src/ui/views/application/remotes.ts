/** Connections summed up by the address at the other end (pure). */

import type { Connection } from "../../../model/sample.ts";

export interface RemoteRow {
  readonly address: string;
  readonly ports: readonly number[];
  readonly connections: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
}

/** The one with most bytes first. */
export function remotesOf(connections: readonly Connection[]): RemoteRow[] {
  const found = new Map<string, RemoteRow>();
  for (const { remoteAddress, remotePort, total, ...now } of connections) {
    if (remoteAddress === undefined) continue;
    const before = found.get(remoteAddress);
    const ports = before?.ports ?? [];
    const isNew = remotePort !== undefined && !ports.includes(remotePort);
    found.set(remoteAddress, {
      address: remoteAddress,
      ports: isNew ? [...ports, remotePort] : ports,
      connections: (before?.connections ?? 0) + 1,
      rxBytes: (before?.rxBytes ?? 0) + total.rxBytes,
      txBytes: (before?.txBytes ?? 0) + total.txBytes,
      rxBytesPerSecond: (before?.rxBytesPerSecond ?? 0) + now.rxBytesPerSecond,
      txBytesPerSecond: (before?.txBytesPerSecond ?? 0) + now.txBytesPerSecond,
    });
  }
  return [...found.values()].sort((a, b) => b.rxBytes + b.txBytes - a.rxBytes - a.txBytes);
}
