/** At which interfaces packets are classified, and as what. */

import { readFileSync } from "node:fs";
import type { LimitRule } from "../model/limit.ts";
import { interfaceFacts, readDriver } from "../native/interface-kind.ts";
import { type NetworkInterface, readInterfaces } from "../native/interfaces.ts";
import type { DevicePlace } from "./keys.ts";

export interface LimitedDevice {
  readonly name: string;
  readonly ifindex: number;
  readonly linkHeaderBytes: number;
  /** A tunnel or a container: below it goes another packet, beyond it another's. */
  readonly isBorder: boolean;
  readonly place: DevicePlace;
  /** Rules of the container behind it; undefined: none is. */
  readonly container?: readonly LimitRule[];
}

export interface FoundInterface extends NetworkInterface {
  readonly kind: "loopback" | "physical" | "virtual" | "tunnel";
}

export function findInterfaces(): FoundInterface[] {
  return readInterfaces().map((one) => ({
    ...one,
    kind: interfaceFacts(one, readDriver(one.name)).kind,
  }));
}

/** Pure. Every active interface that leads off the machine, those that a rule names, and the host ends of limited
 * containers; loopback and our own shapers never. `routes`: names of those with a default route. */
export function limitedDevices(
  interfaces: readonly FoundInterface[],
  {
    rules,
    routes,
    containers,
  }: {
    readonly rules: readonly LimitRule[];
    readonly routes: () => ReadonlySet<string>;
    readonly containers: ReadonlyMap<number, readonly LimitRule[]>;
  },
): LimitedDevice[] {
  const usable = interfaces.filter(
    ({ kind, up, linkKind }) => up && kind !== "loopback" && linkKind !== "ifb",
  );
  const hasHardware = usable.some(({ kind }) => kind === "physical");
  const routed = hasHardware ? new Set<string>() : routes();
  const found: LimitedDevice[] = [];
  for (const one of usable) {
    const named = rules.filter(
      ({ target }) => target.kind === "interface" && target.name === one.name,
    );
    const container = containers.get(one.ifindex);
    const isWire =
      one.kind === "physical" ||
      // PPP is carried by frames that are not IP, so that its rules cannot hold at the interface below.
      one.linkKind === "ppp" ||
      // Within a container or a virtual machine's namespace the way out is such a device.
      (one.kind === "virtual" && one.master === 0 && routed.has(one.name));
    if (!isWire && one.kind !== "tunnel" && named.length === 0 && container === undefined) continue;
    const role = container !== undefined ? "container" : isWire ? "wire" : "inside";
    found.push({
      name: one.name,
      ifindex: one.ifindex,
      linkHeaderBytes: one.linkType === ARPHRD_ETHER ? 14 : 0,
      isBorder: one.kind === "tunnel" || container !== undefined,
      place: { rules: named, role },
      ...(container === undefined ? {} : { container }),
    });
  }
  return found;
}

const ARPHRD_ETHER = 1;

/** Pure. Names of active interfaces whose packets meet no filter, there or at a device that carries them: they lead to
 * containers, virtual machines or nowhere. Ports of a bridge are the bridge's. */
export function unlimitedInterfaces(
  interfaces: readonly FoundInterface[],
  devices: readonly LimitedDevice[],
): string[] {
  const attached = new Set(devices.map(({ ifindex }) => ifindex));
  const carried = (one: FoundInterface, depth = 0): boolean =>
    attached.has(one.ifindex) ||
    (depth < DEEPEST_STACK &&
      interfaces.some(
        (other) =>
          other.up &&
          (other.ifindex === one.lower || other.master === one.ifindex) &&
          carried(other, depth + 1),
      ));
  return interfaces
    .filter(({ kind, up, linkKind, master }) => {
      return up && kind !== "loopback" && linkKind !== "ifb" && master === 0;
    })
    .filter((one) => !carried(one))
    .map(({ name }) => name);
}

/** A VLAN on a bridge on a bond on hardware is four. */
const DEEPEST_STACK = 8;

/** Names of interfaces with a default route. */
export function defaultRoutes(): Set<string> {
  const found = new Set<string>();
  for (const line of textOf("/proc/self/net/route").split("\n").slice(1)) {
    const [name, destination, , flags, , , , mask] = line.split("\t");
    if (
      name &&
      destination === "00000000" &&
      mask === "00000000" &&
      (Number(`0x${flags}`) & 1) !== 0
    )
      found.add(name);
  }
  for (const line of textOf("/proc/self/net/ipv6_route").split("\n")) {
    const fields = line.trim().split(/\s+/);
    const [destination, bits] = fields;
    const name = fields[9];
    if (name && name !== "lo" && bits === "00" && /^0+$/.test(destination ?? "")) found.add(name);
  }
  return found;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
