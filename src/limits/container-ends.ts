/** Where the traffic of containers passes this network namespace: the host ends of their veth pairs. */

import { readlinkSync } from "node:fs";
import type { LimitRule } from "../model/limit.ts";
import { readVethEnds } from "../native/veth-ends.ts";

/** Rules about containers by the interface that leads to one. `assigned`: the rules of each process that is under one. A
 * container without an own network, or without a veth device in this namespace, has none. */
export function findContainerEnds(
  assigned: ReadonlyMap<number, readonly LimitRule[]>,
): Map<number, readonly LimitRule[]> {
  const found = new Map<number, readonly LimitRule[]>();
  const rules = new Map<number, readonly LimitRule[]>();
  const seen = new Set([namespaceOf("self")]);
  for (const [pid, list] of assigned) {
    const ofContainer = list.filter(({ target }) => target.kind === "container");
    if (ofContainer.length === 0 || rules.size >= NAMESPACE_LIMIT) continue;
    const namespace = namespaceOf(pid);
    if (namespace === undefined || seen.has(namespace)) continue;
    seen.add(namespace);
    rules.set(pid, ofContainer);
  }
  for (const [pid, ends] of readVethEnds([...rules.keys()])) {
    for (const ifindex of ends) found.set(ifindex, rules.get(pid) ?? []);
  }
  return found;
}

/** Containers beyond are not limited at their interface. */
const NAMESPACE_LIMIT = 1_024;

function namespaceOf(pid: number | "self"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}
