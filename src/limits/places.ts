/** What the kernel's numbers stand for, from the rules and what was found on the machine; and the maps that say so. */

import type { LimitRule } from "../model/limit.ts";
import { readAddresses } from "../native/interface-addresses.ts";
import type { LimitedDevice } from "./devices.ts";
import type { ExecutableFile } from "./executables.ts";
import type { Mirrored } from "./kernel-side.ts";
import { type DevicePlace, isOwnerRule, type Places, widestFirst } from "./keys.ts";
import {
  deviceValue,
  executableKey,
  LOOK_AT,
  networkKey,
  networkValue,
  portKey,
  RULE_SLOTS,
  twoNumbers,
  u32,
  u64,
} from "./layout.ts";
import { networkEntries } from "./networks.ts";
import { createNumbers } from "./numbers.ts";
import { uidOf } from "./processes.ts";

export interface PlaceFacts {
  readonly rules: readonly LimitRule[];
  readonly devices: readonly LimitedDevice[];
  /** Rules of processes that were met, by pid. */
  readonly assigned: ReadonlyMap<number, readonly LimitRule[]>;
  readonly executables: readonly ExecutableFile[];
  /** Cgroups of units and containers that rules name. */
  readonly cgroups: ReadonlyMap<bigint, readonly LimitRule[]>;
  /** Addresses of this machine. */
  readonly own: readonly Uint8Array[];
}

export type MapEntries = Readonly<
  Record<Exclude<Mirrored, "classes">, readonly (readonly [key: Buffer, value: Buffer])[]>
>;

export interface Placed {
  readonly places: Places;
  readonly entries: MapEntries;
  readonly flags: number;
  subjectOf(rules: readonly LimitRule[]): number;
}

export interface PlaceBook {
  place(facts: PlaceFacts): Placed;
}

const SUBJECT_LIMIT = 0x7fff_fffe;
const DEVICE_LIMIT = 0xffff;
/** A device without rules and of no special kind. */
const PLAIN: DevicePlace = { rules: [], role: "wire" };
const PROTOCOLS = { tcp: 6, udp: 17 } as const;

/** Numbers stay with what they stand for. */
export function createPlaceBook(): PlaceBook {
  const subjectNumbers = createNumbers(SUBJECT_LIMIT);
  const deviceNumbers = createNumbers(DEVICE_LIMIT);
  const networkNumbers = createNumbers(RULE_SLOTS - 1);
  const portNumbers = createNumbers(RULE_SLOTS - 1);

  return {
    place({ rules, devices, assigned, executables, cgroups, own }) {
      const subjects = new Map<number, readonly LimitRule[]>();
      const subjectNames = new Set<string>();
      const subjectOf = (list: readonly LimitRule[]): number => {
        if (list.length === 0) return 0;
        const name = list.map(({ id }) => id).join(">");
        const number = subjectNumbers.of(name);
        subjectNames.add(name);
        subjects.set(number, list);
        return number;
      };
      for (const list of assigned.values()) subjectOf(list);

      const deviceRows = new Map<number, DevicePlace>([[0, PLAIN]]);
      const deviceNames = new Set<string>();
      const deviceEntries = devices.map(
        ({ ifindex, linkHeaderBytes, isBorder, place, container }) => {
          const name = `${place.role} ${place.rules.map(({ id }) => id).join(">")}`;
          const isPlain = place.role === "wire" && place.rules.length === 0;
          const device = isPlain ? 0 : deviceNumbers.of(name);
          deviceNames.add(name);
          deviceRows.set(device, place);
          const subject = subjectOf(container ?? []);
          return [
            u32(ifindex),
            deviceValue({ device, linkHeaderBytes, isBorder, subject }),
          ] as const;
        },
      );

      const withLan = rules.some(({ exceptLan }) => exceptLan);
      const networks = networkEntries(rules, { own, withLan });
      const remotes = new Map<number, readonly LimitRule[]>();
      const networkNames = new Set<string>();
      const networkRows = networks.map(({ address, bits, rules: around, flags }) => {
        const name = around.map(({ id }) => id).join(">");
        const number = around.length === 0 ? 0 : networkNumbers.of(name);
        networkNames.add(name);
        if (number > 0) remotes.set(number, around);
        return [networkKey(address, bits), networkValue(number, flags)] as const;
      });

      const ports = new Map<number, readonly LimitRule[]>();
      const portNames = new Set<string>();
      const portRows = [...portRules(rules)].map(([{ port, protocol }, list]) => {
        const name = list.map(({ id }) => id).join(">");
        const number = portNumbers.of(name);
        portNames.add(name);
        ports.set(number, list);
        return [portKey(port, protocol), u32(number)] as const;
      });

      const users = usersOf(rules).map(([uid, list]) => [u32(uid), u32(subjectOf(list))] as const);
      const cgroupRows = [...cgroups].map(([id, list]) => [u64(id), u32(subjectOf(list))] as const);
      const executableRows = executables.map(
        (file) => [executableKey(file), twoNumbers(subjectOf(file.rules), 0)] as const,
      );
      subjectNumbers.keepOnly(subjectNames);
      deviceNumbers.keepOnly(deviceNames);
      networkNumbers.keepOnly(networkNames);
      portNumbers.keepOnly(portNames);
      const machine = rules.filter(({ target }) => target.kind === "machine");
      return {
        places: { subjects, devices: deviceRows, remotes, ports, machine },
        entries: {
          devices: deviceEntries,
          networks: networkRows,
          ports: portRows,
          users,
          cgroups: cgroupRows,
          executables: executableRows,
        },
        flags:
          (rules.some(isOwnerRule) ? LOOK_AT.owners : 0) |
          (remotes.size > 0 || withLan ? LOOK_AT.networks : 0) |
          (ports.size > 0 ? LOOK_AT.ports : 0) |
          (cgroups.size > 0 ? LOOK_AT.cgroups : 0) |
          (users.length > 0 ? LOOK_AT.users : 0),
        subjectOf,
      };
    },
  };
}

function* portRules(
  rules: readonly LimitRule[],
): Generator<[{ port: number; protocol: number }, readonly LimitRule[]]> {
  const lists = new Map<string, { port: number; protocol: number; rules: LimitRule[] }>();
  for (const rule of rules) {
    const { target } = rule;
    if (target.kind !== "port") continue;
    const protocols = target.protocol === null ? (["tcp", "udp"] as const) : [target.protocol];
    for (const protocol of protocols) {
      const key = `${target.port} ${protocol}`;
      const list = lists.get(key) ?? {
        port: target.port,
        protocol: PROTOCOLS[protocol],
        rules: [],
      };
      list.rules.push(rule);
      lists.set(key, list);
    }
  }
  for (const { port, protocol, rules: list } of lists.values()) {
    yield [{ port, protocol }, list.sort(widestFirst)];
  }
}

function usersOf(rules: readonly LimitRule[]): [uid: number, rules: readonly LimitRule[]][] {
  const lists = new Map<number, LimitRule[]>();
  for (const rule of rules) {
    const uid = rule.target.kind === "user" ? uidOf(rule.target.user) : undefined;
    if (uid !== undefined) lists.set(uid, [...(lists.get(uid) ?? []), rule]);
  }
  return [...lists].map(([uid, list]) => [uid, list.sort(widestFirst)]);
}

/** Of this network namespace. */
export function ownAddresses(): Uint8Array[] {
  try {
    return readAddresses().map(({ address }) => address);
  } catch {
    return [];
  }
}
