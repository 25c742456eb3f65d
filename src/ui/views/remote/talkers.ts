/** Connections summed up by application (pure). */

import type { Connection } from "../../../model/sample.ts";

export interface Talker {
  readonly key: string;
  readonly name: string;
  readonly connections: number;
  readonly bytes: number;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
}

/** The one with most bytes first. */
export function talkersOf(connections: readonly Connection[]): Talker[] {
  const found = new Map<string, Talker>();
  for (const { applicationKey: key, application: name, total, ...now } of connections) {
    const before = found.get(key);
    found.set(key, {
      key,
      name,
      connections: (before?.connections ?? 0) + 1,
      bytes: (before?.bytes ?? 0) + total.rxBytes + total.txBytes,
      rxBytesPerSecond: (before?.rxBytesPerSecond ?? 0) + now.rxBytesPerSecond,
      txBytesPerSecond: (before?.txBytesPerSecond ?? 0) + now.txBytesPerSecond,
    });
  }
  return [...found.values()].sort((a, b) => b.bytes - a.bytes || (a.key < b.key ? -1 : 1));
}
