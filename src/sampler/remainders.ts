/** The rows of traffic that has no process. */

import type { RemainderKind } from "../model/sample.ts";
import { FLOW_KINDS, type FlowKind } from "../model/snapshot.ts";

/** A socket without a process is the kernel's own, or its owner could not be found out: "unknown". */
const NAMES: Readonly<Record<RemainderKind, string>> = {
  kernel: "kernel",
  forwarded: "forwarded for others",
  carried: "outer packets, counted elsewhere",
  limited: "dropped by limits",
  overflow: "no room in the kernel's tables",
  unknown: "kernel or unknown",
};
export const REMAINDERS: readonly RemainderKind[] = [
  "kernel",
  "forwarded",
  "carried",
  "limited",
  "overflow",
  "unknown",
];

/** Applications have keys of their own ("kernel" is one), hence the prefix. */
export function remainderLabel(kind: RemainderKind): { key: string; name: string } {
  return { key: `remainder:${kind}`, name: NAMES[kind] };
}

/** Which row a flow of this kind belongs to, by position in FLOW_KINDS; undefined: to its process. */
export const REMAINDER_OF_KIND: readonly (RemainderKind | undefined)[] = FLOW_KINDS.map(
  (kind: FlowKind) => (kind === "socket" || kind === "link" ? undefined : kind),
);
