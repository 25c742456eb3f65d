/** What gets around a rule, or meets it twice, as the traffic of those under it shows (pure). */

import type { LimitRule } from "../model/limit.ts";
import { ruleFits, type TrafficFacts } from "../model/limit-match.ts";

/** Somebody who uses the network, at one interface. */
export interface NetworkUser {
  readonly name: string;
  readonly facts: TrafficFacts;
  /** The tunnel whose outer packets are its. */
  readonly carries: string | null;
}

/** `unlimited`: interfaces that rules do not reach. */
export function trafficWarnings(
  rule: LimitRule,
  users: readonly NetworkUser[],
  unlimited: readonly string[],
): string[] {
  const { kind } = rule.target;
  // A container is met at the host's end, an interface where it is.
  if (kind === "interface" || kind === "container") return [];
  const under = users.filter(({ facts }) => ruleFits(rule, facts));
  const open = unlimited.filter((name) => under.some(({ facts }) => facts.interface === name));
  const twice = kind === "machine" ? undefined : twiceIn(under);
  return [
    ...(open.length === 0 ? [] : [`traffic over ${open.join(", ")} is not limited: ${OPEN}`]),
    ...(twice === undefined ? [] : [twice]),
  ];
}

const OPEN =
  "it does not lead off this machine; a limit of that interface (--interface) brings the other rules there, too";

/** Inside a tunnel and as its outer packets: both are theirs. */
function twiceIn(under: readonly NetworkUser[]): string | undefined {
  for (const { name, carries } of under) {
    const isUsed = carries !== null && under.some(({ facts }) => facts.interface === carries);
    if (isUsed) {
      return `what goes through ${carries} counts twice against it: inside, and as packets of ${name}, which carries it`;
    }
  }
  return undefined;
}
