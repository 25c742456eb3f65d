/** Which rule applies to what (pure): the narrowest shapes, inside the caps of the wider ones. */

import { addressScope, parseAddress, parseNetwork } from "./address.ts";
import { type LimitRule, type LimitTarget, NARROWEST_FIRST } from "./limit.ts";

/** What an application is called; of Application and PsRow. */
export interface ProgramNames {
  readonly key: string;
  readonly name: string;
  readonly path: string | null | undefined;
}

/** What is known of traffic. What is not known fits no rule that asks for it. */
export interface TrafficFacts {
  readonly application?: ProgramNames | undefined;
  readonly pid?: number | undefined;
  /** Of the process, and of those it descends from: children inherit. */
  readonly lineage?: readonly { readonly pid: number; readonly startedAtMs: number }[] | undefined;
  readonly user?: string | null | undefined;
  readonly uid?: number | undefined;
  readonly container?:
    | { readonly id: string; readonly name?: string | undefined }
    | null
    | undefined;
  readonly unit?: string | null | undefined;
  readonly interface?: string | undefined;
  readonly remoteAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remotePort?: number | undefined;
  readonly protocol?: string | undefined;
}

/** Of rules in force, those that fit, the narrowest first: the first shapes, the others hold around it. */
export function rulesFor(rules: readonly LimitRule[], facts: TrafficFacts): readonly LimitRule[] {
  return rules.filter((rule) => ruleFits(rule, facts)).sort(narrowestFirst);
}

export function ruleFits({ target, exceptLan }: LimitRule, facts: TrafficFacts): boolean {
  if (exceptLan && facts.remoteAddress !== undefined && isLan(facts.remoteAddress)) return false;
  return targetFits(target, facts);
}

export function targetFits(target: LimitTarget, facts: TrafficFacts): boolean {
  switch (target.kind) {
    case "machine":
      return true;
    case "interface":
      return facts.interface === target.name;
    case "application":
      return facts.application !== undefined && applicationFits(target.pattern, facts.application);
    case "process":
      return facts.lineage?.some((one) => isSameProcess(one, target)) ?? false;
    case "user":
      return userFits(target.user, facts);
    case "container":
      return (
        facts.container !== undefined &&
        facts.container !== null &&
        [facts.container.id, facts.container.name].includes(target.container)
      );
    case "unit":
      return facts.unit === target.unit;
    case "remote":
      return facts.remoteAddress !== undefined && networkHas(target.network, facts.remoteAddress);
    case "port":
      return (
        (facts.localPort === target.port || facts.remotePort === target.port) &&
        (target.protocol === null || facts.protocol === target.protocol)
      );
  }
}

/** For sorting. */
export function narrowestFirst(a: LimitRule, b: LimitRule): number {
  const kind = NARROWEST_FIRST.indexOf(a.target.kind) - NARROWEST_FIRST.indexOf(b.target.kind);
  return kind || breadth(a.target) - breadth(b.target) || a.createdAtMs - b.createdAtMs;
}

/** A pattern is, in this order: a key ("path:/usr/bin/curl", "container:web"), a path where it has a slash, else a name:
 * "firefox", "train.py (python3)", "train.py". In each `*` stands for anything and `?` for one character. Names match
 * whatever their case. */
export function applicationFits(pattern: string, program: ProgramNames): boolean {
  const { key, name, path } = program;
  if (key === pattern) return true;
  if (isKeyPattern(pattern)) return globFits(pattern, key);
  if (pattern.includes("/")) return path !== null && path !== undefined && globFits(pattern, path);
  const wanted = pattern.toLowerCase();
  const file = path === null || path === undefined ? [] : [path.slice(path.lastIndexOf("/") + 1)];
  return [name, name.replace(/ \([^()]*\)$/, ""), ...file].some((text) =>
    globFits(wanted, text.toLowerCase()),
  );
}

/** What a key says of its program, where its path is not at hand. */
export function programOf(key: string, name: string): ProgramNames {
  const [, path = null] = /^(?:path|script):(\/[^#]*)/.exec(key) ?? [];
  return { key, name, path };
}

/** Whether a pattern leaves nothing out. */
export function fitsEverything(pattern: string): boolean {
  return /^[*?/]*$/.test(pattern.replace(KEY_KIND, "")) && isGlob(pattern);
}

export function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern);
}

/** Private, link-local and multicast: what a rule with `exceptLan` leaves alone, with loopback. */
export function isLan(address: string): boolean {
  const bytes = parseAddress(address);
  return bytes !== undefined && addressScope(bytes) !== "public";
}

/** "192.0.2.1" or "10.0.0.0/8". */
export function networkHas(network: string, address: string): boolean {
  const bytes = parseAddress(address);
  const isInside = parseNetwork(withPrefix(network));
  return bytes !== undefined && isInside !== undefined && isInside(bytes);
}

/** A lone address as a network of one. */
export function withPrefix(network: string): string {
  if (network.includes("/")) return network;
  return `${network}/${network.includes(":") ? 128 : 32}`;
}

const KEY_KIND = /^(path|script|container|unit|name):/;
/** The kernel tells the start of a process in hundredths of a second, and clocks are set. */
const START_TOLERANCE_MS = 2_000;

function isKeyPattern(pattern: string): boolean {
  return KEY_KIND.test(pattern);
}

// Goes back to the latest "*" only, which is enough: linear in time for each of them, however hostile the pattern.
function globFits(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let i = 0;
  while (i < text.length) {
    const wanted = pattern[at];
    if (wanted === "*") {
      star = at;
      resume = i;
      at += 1;
    } else if (wanted === "?" || wanted === text[i]) {
      at += 1;
      i += 1;
    } else if (star >= 0) {
      at = star + 1;
      resume += 1;
      i = resume;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}

function isSameProcess(
  found: { readonly pid: number; readonly startedAtMs: number },
  wanted: { readonly pid: number; readonly startedAtMs: number },
): boolean {
  const apart = Math.abs(found.startedAtMs - wanted.startedAtMs);
  return found.pid === wanted.pid && apart <= START_TOLERANCE_MS;
}

function userFits(wanted: string, { user, uid }: TrafficFacts): boolean {
  return user === wanted || user === `#${wanted}` || (uid !== undefined && String(uid) === wanted);
}

/** Within a kind, a smaller number is narrower. */
function breadth(target: LimitTarget): number {
  switch (target.kind) {
    case "application":
      return isGlob(target.pattern) ? MAX_BREADTH - target.pattern.length : 0;
    case "remote":
      return 128 - prefixOf(target.network);
    case "port":
      return target.protocol === null ? 1 : 0;
    default:
      return 0;
  }
}

const MAX_BREADTH = 1_000_000;

function prefixOf(network: string): number {
  const prefix = Number(withPrefix(network).split("/")[1]);
  return network.includes(":") ? prefix : prefix + 96;
}
