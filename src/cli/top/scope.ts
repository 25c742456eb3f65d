/** Which traffic the screen shows: that of all networks, of one interface, or what stays in the machine. */

import type { LiveInterface, LiveSample, OwnedBytes } from "../../model/live.ts";

export type Scope =
  | { readonly kind: "networks" }
  | { readonly kind: "interface"; readonly name: string }
  | { readonly kind: "loopback" };

export const NETWORKS: Scope = { kind: "networks" };

export interface Bytes {
  readonly rxBytes: number;
  readonly txBytes: number;
}

export function scopeName(scope: Scope): string {
  if (scope.kind === "interface") return scope.name;
  return scope.kind === "networks" ? "All networks" : "Loopback";
}

/** The next one in the round: all networks, each interface, loopback. One that is gone leads back to the start. */
export function nextScope(
  scope: Scope,
  interfaces: readonly Pick<LiveInterface, "name" | "kind">[],
): Scope {
  const names = interfaces
    .filter(({ name, kind }) => kind !== "loopback" && name !== "")
    .map(({ name }) => name)
    .sort();
  const round: Scope[] = [
    NETWORKS,
    ...names.map((name): Scope => ({ kind: "interface", name })),
    { kind: "loopback" },
  ];
  const at = round.findIndex((each) => scopeName(each) === scopeName(scope));
  return round[(at + 1) % round.length] ?? NETWORKS;
}

/** Of a program. */
export function bytesIn(
  row: OwnedBytes & { readonly interfaces: readonly (Bytes & { readonly name: string })[] },
  scope: Scope,
): Bytes {
  if (scope.kind === "loopback")
    return { rxBytes: row.rxLoopbackBytes, txBytes: row.txLoopbackBytes };
  if (scope.kind === "networks") return networkBytes(row);
  const found = row.interfaces.find(({ name }) => name === scope.name);
  return found ?? { rxBytes: 0, txBytes: 0 };
}

export function networkBytes(owned: OwnedBytes): Bytes {
  return {
    rxBytes: owned.rxBytes - owned.rxLoopbackBytes,
    txBytes: owned.txBytes - owned.txLoopbackBytes,
  };
}

/** Of the machine, whose own bytes are without loopback. */
export function machineBytes(sample: LiveSample, scope: Scope): Bytes {
  if (scope.kind === "networks") return sample;
  if (scope.kind === "loopback")
    return { rxBytes: sample.rxLoopbackBytes, txBytes: sample.txLoopbackBytes };
  const found = sample.interfaces.find(({ name }) => name === scope.name);
  return found ?? { rxBytes: 0, txBytes: 0 };
}

/** Whether a connection is shown; `loopbacks`: names of such interfaces. */
export function connectionFits(
  name: string | undefined,
  scope: Scope,
  loopbacks: ReadonlySet<string>,
): boolean {
  const local = name !== undefined && loopbacks.has(name);
  if (scope.kind === "interface") return name === scope.name;
  return scope.kind === "loopback" ? local : !local;
}
