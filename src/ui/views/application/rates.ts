/** Rates of a row of `ps` in a scope (pure). */

import type { PsRow } from "../../../model/monitauri.ts";
import type { Scope } from "../../store/scope.ts";

/** `ps` has no rates by interface: for one of them it is the row's rate over all networks. */
export function ratesIn(scope: Scope, row: PsRow): readonly [rx: number, tx: number] {
  if (scope === "loopback") return [row.rxLoopbackBytesPerSecond, row.txLoopbackBytesPerSecond];
  return [
    row.rxBytesPerSecond - row.rxLoopbackBytesPerSecond,
    row.txBytesPerSecond - row.txLoopbackBytesPerSecond,
  ];
}
