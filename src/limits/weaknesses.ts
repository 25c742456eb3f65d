/** What weakens a rule, from what classes and the kernel's programs counted (pure). */

import type { LimitRule } from "../model/limit.ts";
import { formatBitRate } from "../model/rate.ts";
import type { ClassCounters } from "../native/traffic-control.ts";
import { CHAIN_JOINT, type ClassTree, capOf, REST } from "./classes.ts";
import { isOwnerRule } from "./keys.ts";
import type { Shaping } from "./linux-plan.ts";

/** Where a rule's cap holds by itself: ids of the rules around each of these classes. */
export type PlacesOfRule = ReadonlyMap<string, readonly (readonly string[])[]>;

/** Of classes that have passed something. A rule that is inside others by one packet and alone by the next has a class of
 * its own in each, since HTB has one tree. */
export function placesOfRules(
  tree: ClassTree,
  counters: ReadonlyMap<number, ClassCounters>,
): PlacesOfRule {
  const paths = new Map<string, Set<string>>();
  for (const [path, { minor, isLeaf }] of tree.classes) {
    if (!isLeaf || (counters.get(minor)?.bytes ?? 0) === 0) continue;
    const ids = path.split(CHAIN_JOINT).filter((id) => id !== REST);
    for (const [at, id] of ids.entries()) {
      const places = paths.get(id) ?? new Set();
      places.add(ids.slice(0, at).join(CHAIN_JOINT));
      paths.set(id, places);
    }
  }
  const ids = (path: string) => (path === "" ? [] : path.split(CHAIN_JOINT));
  return new Map([...paths].map(([id, places]) => [id, [...places].map(ids)]));
}

export interface Weakening {
  readonly places: Readonly<Record<Shaping, PlacesOfRule>>;
  /** Of sockets without a process, now. */
  readonly unownedBytesPerSecond: number;
  /** Children that the kernel had no room for. */
  readonly processOverflow: number;
}

export function weaknesses(rule: LimitRule, found: Weakening): string[] {
  const texts: string[] = [];
  const split = splitText(rule, found.places);
  if (split !== undefined) texts.push(split);
  if (!isOwnerRule(rule)) return texts;
  if (found.unownedBytesPerSecond >= LEAST_UNOWNED) {
    texts.push(
      `${formatBitRate(found.unownedBytesPerSecond)} of sockets that no process holds pass by: they are older than the ` +
        "rule and their program has let go of them, or they are the kernel's own",
    );
  }
  if (found.processOverflow > 0) {
    texts.push(
      `${found.processOverflow} processes found no room in the kernel when they started, and may be under no rule`,
    );
  }
  return texts;
}

/** Less are keep-alives and goodbyes. */
const LEAST_UNOWNED = 10_000;

function splitText(rule: LimitRule, places: Weakening["places"]): string | undefined {
  const of = (shaping: Shaping) => {
    const cap = capOf(rule, shaping);
    return { cap: cap ?? 0, places: cap === null ? [] : (places[shaping].get(rule.id) ?? []) };
  };
  const [rx, tx] = [of("rx"), of("tx")];
  const most = tx.places.length > rx.places.length ? tx : rx;
  const count = most.places.length;
  if (count < 2) return undefined;
  const isEverywhere = (id: string) => most.places.every((around) => around.includes(id));
  const inside = [...new Set(most.places.flat())].filter((id) => !isEverywhere(id)).sort();
  return (
    `its cap holds by itself in each of ${count} places, as some of its traffic is inside ${inside.join(", ")}: ` +
    `together up to ${formatBitRate(most.cap * count)} may pass`
  );
}
