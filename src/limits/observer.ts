/** Looks at the machine for rules: who and what is under them now, and what the kernel should have for that. */

import type { LimitRule } from "../model/limit.ts";
import { createCgroupSearch } from "./cgroup-search.ts";
import { findContainerEnds } from "./container-ends.ts";
import {
  defaultRoutes,
  findInterfaces,
  type LimitedDevice,
  limitedDevices,
  unlimitedInterfaces,
} from "./devices.ts";
import { createExecutableSearch, type FoundExecutables } from "./executables.ts";
import type { KernelSide } from "./kernel-side.ts";
import { type ClassKey, isOwnerRule, keyText } from "./keys.ts";
import type { LimitedProcess } from "./limiter.ts";
import { type Desired, desire } from "./linux-plan.ts";
import { createOwnerFollower } from "./owner-follower.ts";
import { createPlaceBook, ownAddresses, type Placed } from "./places.ts";

export interface Seen {
  /** Rules of every process that is under one. */
  readonly assigned: ReadonlyMap<number, readonly LimitRule[]>;
  /** The same object as long as nothing has changed that maps or classes depend on; `desired` then is the same too. */
  readonly placed: Placed;
  readonly desired: Desired;
  /** Interfaces that rules do not reach. */
  readonly unlimited: readonly string[];
  /** Tells the kernel of processes. */
  write(): void;
}

export interface Observer {
  look(rules: readonly LimitRule[], now: Desired): Promise<Seen>;
}

export interface ObserverOptions {
  readonly processes: () => Promise<readonly LimitedProcess[]>;
  readonly onFault: (message: string) => void;
}

export function createObserver(
  kernel: KernelSide,
  { processes, onFault }: ObserverOptions,
): Observer {
  const placeBook = createPlaceBook();
  const search = createCgroupSearch(kernel.cgroupPath);
  const executables = createExecutableSearch();
  const owners = createOwnerFollower(kernel, processes);
  let wanted = new Map<string, ClassKey>();
  let last: { text: string; placed: Placed; desired: Desired } | undefined;
  let lastRules: readonly LimitRule[] | undefined;

  /** Combinations whose rules are there. */
  function keepWanted({ places }: Placed): void {
    const has = (map: ReadonlyMap<number, unknown>, number: number) =>
      number === 0 || map.has(number);
    wanted = new Map(
      [...wanted].filter(
        ([, key]) =>
          has(places.subjects, key.subject) &&
          has(places.devices, key.device) &&
          has(places.remotes, key.remote) &&
          has(places.ports, key.port),
      ),
    );
  }

  return {
    async look(rules, now) {
      const hasOwners = rules.some(isOwnerRule);
      if (hasOwners) await owners.look(rules);
      const programs = hasOwners ? executables.find(rules, owners.paths()) : NO_EXECUTABLES;
      const assigned = hasOwners ? owners.assign(rules, programs.byPath) : new Map();
      const containers = findContainerEnds(assigned);
      const interfaces = findInterfaces();
      const devices = limitedDevices(interfaces, {
        rules,
        routes: defaultRoutes,
        containers,
      });
      const { found: cgroups, isCut } = search.find(rules, owners.containerIds());
      if (isCut) onFault(TOO_MANY_CGROUPS);
      const own = ownAddresses();
      for (const key of kernel.takeWanted()) wanted.set(keyText(key), key);
      const text = fingerprint({ devices, assigned, programs, cgroups, own, wanted });
      if (last?.text !== text || lastRules !== rules) {
        const placed = placeBook.place({
          rules,
          devices,
          assigned,
          executables: programs.files,
          cgroups,
          own,
        });
        const places = { places: placed.places, wanted: wanted.values(), devices, before: now };
        keepWanted(placed);
        last = { text, placed, desired: desire(places) };
        lastRules = rules;
      }
      const { placed, desired } = last;
      const unlimited = unlimitedInterfaces(interfaces, devices);
      const write = () => owners.write(assigned, placed.subjectOf);
      return { assigned, placed, desired, unlimited, write };
    },
  };
}

const TOO_MANY_CGROUPS =
  "Cannot look at all cgroups: there are too many. Units and containers deep in the tree are limited by their processes " +
  "only, a little later";

const NO_EXECUTABLES: FoundExecutables = { files: [], byPath: new Map() };

/** Everything but the rules that maps and classes are made from. */
function fingerprint(found: {
  readonly devices: readonly LimitedDevice[];
  readonly assigned: Seen["assigned"];
  readonly programs: FoundExecutables;
  readonly cgroups: ReadonlyMap<bigint, readonly LimitRule[]>;
  readonly own: readonly Uint8Array[];
  readonly wanted: ReadonlyMap<string, ClassKey>;
}): string {
  const ids = (rules: readonly LimitRule[] | undefined) => rules?.map(({ id }) => id).join(">");
  return [
    ...found.devices.map(({ ifindex, name, linkHeaderBytes, place, container }) =>
      [ifindex, name, linkHeaderBytes, place.role, ids(place.rules), ids(container)].join(" "),
    ),
    "",
    ...new Set([...found.assigned.values()].map(ids)),
    "",
    ...found.programs.files.map(({ inode, bytes, rules }) => `${inode} ${bytes} ${ids(rules)}`),
    "",
    ...[...found.cgroups].map(([id, rules]) => `${id} ${ids(rules)}`),
    "",
    ...found.own.map((address) => Buffer.from(address).toString("hex")),
    "",
    ...found.wanted.keys(),
  ].join("\n");
}
