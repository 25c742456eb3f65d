/** The tree of HTB classes for one direction (pure): which classes there are, inside which, with what rates.
 *
 * A packet has a chain of rules, the widest first. Each distinct chain is a class inside that of the chain without its last
 * rule, so that the narrowest rule shapes inside the caps of the wider ones. A class that has others inside cannot hold
 * packets in HTB: what is under no narrower rule then goes to a class of its own beside them, the "rest". */

import { DEFAULT_PRIORITY, type LimitRule } from "../model/limit.ts";

export type Direction = "rx" | "tx";

export interface ShaperClass {
  /** Of the class id, 1 to LAST_MINOR. */
  readonly minor: number;
  /** 0: none around it. */
  readonly parentMinor: number;
  /** What it may always send, and what it may at most. */
  readonly rateBytesPerSecond: number;
  readonly ceilBytesPerSecond: number;
  /** 0 first. */
  readonly priority: number;
  /** Holds packets. */
  readonly isLeaf: boolean;
}

export interface ClassTree {
  /** By chain: ids of rules joined by CHAIN_JOINT; the rest of a chain ends in REST. */
  readonly classes: ReadonlyMap<string, ShaperClass>;
  /** Chains for which there was no number left, or no level: their wider part holds. */
  readonly shortened: number;
}

export const CHAIN_JOINT = ">";
export const REST = "*";
/** What is above means "refused" and "shaped" in bpf/limits.h. */
export const LAST_MINOR = 0x7ffd;
/** HTB has eight levels (TC_HTB_MAXDEPTH), one of which the rest takes. */
export const MAX_NESTING = 7;
/** Of a wide cap, the part that is divided evenly among everybody inside who has no guarantee. The remainder goes by
 * priority; without this part low priority could starve. */
const EVEN_SHARE = 0.1;

/** `before`: numbers stay with their chains, so that packets under way and counters keep their meaning. */
export function planTree(
  chains: Iterable<readonly LimitRule[]>,
  direction: Direction,
  before: ClassTree = EMPTY_TREE,
): ClassTree {
  const root = newNode("", undefined, undefined);
  let shortened = 0;
  let nodes = 0;
  for (const chain of chains) {
    const whole = effectiveChain(chain, direction);
    const kept = whole.slice(-MAX_NESTING);
    if (kept.length < whole.length) shortened += 1;
    let at = root;
    for (const rule of kept) {
      const known = at.inside.get(rule.id);
      if (known === undefined && nodes * 2 >= LAST_MINOR) {
        shortened += 1;
        break;
      }
      const next = known ?? newNode(join(at.path, rule.id), at, rule);
      if (known === undefined) {
        nodes += 1;
        at.inside.set(rule.id, next);
      }
      at = next;
    }
  }
  const classes = new Map<string, ShaperClass>();
  const minors = minorsFor(before);
  for (const node of root.inside.values())
    addClass(node, { classes, minors, direction, around: undefined });
  return { classes, shortened };
}

export const EMPTY_TREE: ClassTree = { classes: new Map(), shortened: 0 };

/** Where packets of this chain go; undefined: nothing caps them in this direction. */
export function classOf(
  tree: ClassTree,
  chain: readonly LimitRule[],
  direction: Direction,
): ShaperClass | undefined {
  const ids = effectiveChain(chain, direction)
    .slice(-MAX_NESTING)
    .map(({ id }) => id);
  for (let length = ids.length; length > 0; length -= 1) {
    const path = ids.slice(0, length).join(CHAIN_JOINT);
    const found = tree.classes.get(path);
    if (found !== undefined) return found.isLeaf ? found : tree.classes.get(join(path, REST));
  }
  return undefined;
}

/** The rules of a chain that do something in this direction, from the widest cap on: without a cap around it, there is
 * nothing that a guarantee or a priority could be a part of. */
export function effectiveChain(
  chain: readonly LimitRule[],
  direction: Direction,
): readonly LimitRule[] {
  const first = chain.findIndex((rule) => capOf(rule, direction) !== null);
  if (first < 0) return [];
  return chain
    .slice(first)
    .filter(
      (rule) =>
        capOf(rule, direction) !== null ||
        guaranteeOf(rule, direction) !== null ||
        rule.priority !== DEFAULT_PRIORITY,
    );
}

export function capOf(rule: LimitRule, direction: Direction): number | null {
  return direction === "rx" ? rule.rxBytesPerSecond : rule.txBytesPerSecond;
}

export function guaranteeOf(rule: LimitRule, direction: Direction): number | null {
  return direction === "rx" ? rule.rxGuaranteedBytesPerSecond : rule.txGuaranteedBytesPerSecond;
}

interface Node {
  readonly path: string;
  readonly rule: LimitRule | undefined;
  readonly around: Node | undefined;
  readonly inside: Map<string, Node>;
}

function newNode(path: string, around: Node | undefined, rule: LimitRule | undefined): Node {
  return { path, rule, around, inside: new Map() };
}

interface Building {
  readonly classes: Map<string, ShaperClass>;
  readonly minors: (path: string) => number;
  readonly direction: Direction;
  readonly around:
    | { readonly minor: number; readonly ceil: number; readonly share: Share }
    | undefined;
}

function addClass(node: Node, building: Building): void {
  const { classes, minors, direction, around } = building;
  const rule = node.rule as LimitRule;
  const cap = capOf(rule, direction);
  const ceil = Math.min(cap ?? Number.POSITIVE_INFINITY, around?.ceil ?? Number.POSITIVE_INFINITY);
  const rate = around === undefined ? ceil : Math.min(ceil, around.share(wishOf(node, direction)));
  const minor = minors(node.path);
  const isLeaf = node.inside.size === 0;
  const rates = { rateBytesPerSecond: rate, ceilBytesPerSecond: ceil, priority: rule.priority };
  classes.set(node.path, { minor, parentMinor: around?.minor ?? 0, ...rates, isLeaf });
  if (isLeaf) return;
  const share = shareOf(node, { rate, direction });
  const inside = { classes, minors, direction, around: { minor, ceil, share } };
  for (const next of node.inside.values()) addClass(next, inside);
  const rest = join(node.path, REST);
  classes.set(rest, {
    minor: minors(rest),
    parentMinor: minor,
    rateBytesPerSecond: share(null),
    ceilBytesPerSecond: ceil,
    priority: rule.priority,
    isLeaf: true,
  });
}

/** What somebody inside may always send, whose guarantee is given. */
type Share = (guarantee: number | null) => number;

/** HTB never stops a class below its own rate: together those inside must not have more than what is around them. */
function shareOf(node: Node, { rate, direction }: { rate: number; direction: Direction }): Share {
  const wishes = [...node.inside.values()].map((inside) => wishOf(inside, direction));
  const wished = wishes.reduce<number>((sum, wish) => sum + (wish ?? 0), 0);
  const others = wishes.filter((wish) => wish === null).length + 1;
  const even = rate * EVEN_SHARE;
  const scale = Math.min(1, (rate - even) / Math.max(1, wished));
  return (wish) => Math.max(1, Math.floor(wish === null ? even / others : wish * scale));
}

/** The guarantee of a class: its own, else what those inside need. null: none. */
function wishOf(node: Node, direction: Direction): number | null {
  const own = node.rule === undefined ? null : guaranteeOf(node.rule, direction);
  if (own !== null) return own;
  let sum: number | null = null;
  for (const inside of node.inside.values()) {
    const wish = wishOf(inside, direction);
    if (wish !== null) sum = (sum ?? 0) + wish;
  }
  return sum;
}

function minorsFor(before: ClassTree): (path: string) => number {
  const taken = new Set([...before.classes.values()].map(({ minor }) => minor));
  let last = Math.max(0, ...taken) % LAST_MINOR;
  return (path) => {
    const known = before.classes.get(path);
    if (known !== undefined) return known.minor;
    do last = (last % LAST_MINOR) + 1;
    while (taken.has(last));
    taken.add(last);
    return last;
  };
}

function join(path: string, id: string): string {
  return path === "" ? id : `${path}${CHAIN_JOINT}${id}`;
}
