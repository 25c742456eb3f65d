/** What the kernel may ask for (pure): combinations of owner, device, network and port, and the rules of each. */

import { type LimitRule, NARROWEST_FIRST } from "../model/limit.ts";
import { narrowestFirst } from "../model/limit-match.ts";

/** struct class_key of bpf/limits.h. Numbers are those of `Numbers`; 0: none. */
export interface ClassKey {
  readonly subject: number;
  readonly device: number;
  readonly remote: number;
  readonly port: number;
  readonly lan: boolean;
}

/** What stands behind the numbers. */
export interface Places {
  /** Rules of each owner that was met. */
  readonly subjects: ReadonlyMap<number, readonly LimitRule[]>;
  /** [0] is every device without anything special. */
  readonly devices: ReadonlyMap<number, DevicePlace>;
  /** Of networks: the narrowest one, with those that contain it. */
  readonly remotes: ReadonlyMap<number, readonly LimitRule[]>;
  readonly ports: ReadonlyMap<number, readonly LimitRule[]>;
  readonly machine: readonly LimitRule[];
}

export interface DevicePlace {
  /** Rules about this interface. */
  readonly rules: readonly LimitRule[];
  /** wire: packets leave the machine here. inside: they are carried within packets of a wire, where the rules of the
   * machine meet them. container: they are one container's, and go on through a wire, where all other rules do. */
  readonly role: "wire" | "inside" | "container";
}

/** Every combination of at most one owner, network or port with each device, which must have classes before the first
 * packet comes; and those of `wanted` that still make sense. */
export function keysOf(places: Places, wanted: Iterable<ClassKey>): ClassKey[] {
  const keys = new Map<string, ClassKey>();
  const add = (key: ClassKey) => keys.set(keyText(key), key);
  const lans = anyExceptLan(places) ? [false, true] : [false];
  const none = { subject: 0, remote: 0, port: 0 };
  for (const device of places.devices.keys()) {
    for (const lan of lans) {
      add({ ...none, device, lan });
      for (const subject of places.subjects.keys()) add({ ...none, subject, device, lan });
      for (const remote of places.remotes.keys()) add({ ...none, remote, device, lan });
      for (const port of places.ports.keys()) add({ ...none, port, device, lan });
    }
  }
  for (const key of wanted) {
    if (keys.size >= KEY_LIMIT) break;
    if (isKnown(key, places)) add(key);
  }
  return [...keys.values()];
}

/** LIMIT_KEYS of bpf/limits.h, with room for those that come while old ones go. */
export const KEY_LIMIT = 60_000;

/** The rules that fit, the widest first. */
export function chainOf(key: ClassKey, places: Places): readonly LimitRule[] {
  const device = places.devices.get(key.device);
  const owner = places.subjects.get(key.subject) ?? [];
  const packet = [...(places.remotes.get(key.remote) ?? []), ...(places.ports.get(key.port) ?? [])];
  const all = [
    ...owner,
    ...(device?.rules ?? []),
    ...(device?.role === "container" ? [] : packet),
    ...(device?.role === "wire" ? places.machine : []),
  ];
  return all.filter((rule) => !(key.lan && rule.exceptLan)).sort(widestFirst);
}

export function keyText({ subject, device, remote, port, lan }: ClassKey): string {
  return `${subject}.${device}.${remote}.${port}.${Number(lan)}`;
}

/** Whether a rule is about who sends, and not about the packet. */
export function isOwnerRule({ target }: LimitRule): boolean {
  return OWNER_KINDS.has(target.kind);
}

const OWNER_KINDS = new Set<LimitRule["target"]["kind"]>(
  NARROWEST_FIRST.filter((kind) => !["port", "remote", "interface", "machine"].includes(kind)),
);

export function widestFirst(a: LimitRule, b: LimitRule): number {
  return narrowestFirst(b, a);
}

export function anyExceptLan(places: Places): boolean {
  const lists = [...places.subjects.values(), ...places.remotes.values(), ...places.ports.values()];
  const others = [...places.devices.values()].map(({ rules }) => rules);
  return [...lists, ...others, places.machine].flat().some(({ exceptLan }) => exceptLan);
}

function isKnown(key: ClassKey, places: Places): boolean {
  return (
    (key.subject === 0 || places.subjects.has(key.subject)) &&
    places.devices.has(key.device) &&
    (key.remote === 0 || places.remotes.has(key.remote)) &&
    (key.port === 0 || places.ports.has(key.port))
  );
}
