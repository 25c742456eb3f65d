/** The interfaces from /proc/net/dev and /sys/class/net: for sandboxes that refuse netlink. */

import { readFileSync } from "node:fs";
import { MonitauriError } from "../model/error.ts";
import type { NetworkInterface } from "./interfaces.ts";

/** `refusal` is why netlink was not used; it becomes the cause where this fails too.
 * @throws MonitauriError when /proc/net/dev cannot be read. */
export function readInterfacesFromProc(refusal: unknown): NetworkInterface[] {
  let text: string;
  try {
    text = readFileSync("/proc/self/net/dev", "utf8");
  } catch (error) {
    const state = error instanceof Error ? error.message : String(error);
    throw new MonitauriError(
      "failed",
      `Cannot list the network interfaces: netlink is refused and so is /proc/net/dev (${state}). Mount /proc`,
      { cause: refusal },
    );
  }
  return parseProcNetDev(text).map((counters) => ({ ...counters, ...describe(counters.name) }));
}

type Counters = Pick<NetworkInterface, "name" | "rxBytes" | "txBytes" | "rxPackets" | "txPackets">;

/** Columns of /proc/net/dev (proc_pid_net(5)): received bytes and packets first, sent ones ninth and tenth. Pure. */
export function parseProcNetDev(text: string): Counters[] {
  return text
    .split("\n")
    .slice(2)
    .flatMap((line) => {
      const colon = line.lastIndexOf(":");
      if (colon === -1) return [];
      const values = line
        .slice(colon + 1)
        .trim()
        .split(/\s+/)
        .map(Number);
      const [rxBytes = 0, rxPackets = 0] = values;
      const [txBytes = 0, txPackets = 0] = values.slice(8);
      return [{ name: line.slice(0, colon).trim(), rxBytes, txBytes, rxPackets, txPackets }];
    });
}

function describe(name: string): Omit<NetworkInterface, keyof Counters> {
  const state = attribute(name, "operstate");
  const switchedOn = (Number(attribute(name, "flags")) & 1) !== 0;
  return {
    ifindex: Number(attribute(name, "ifindex")),
    up: switchedOn && (state === "up" || state === "unknown"),
    mtu: Number(attribute(name, "mtu")),
    linkType: Number(attribute(name, "type")),
    linkKind: attribute(name, "tun_flags") === "" ? deviceType(name) : "tun",
    master: Number(attribute(name, "master/ifindex")),
    lower: 0,
  };
}

/** DEVTYPE is set by some virtual drivers: bridge, vxlan, wireguard, vlan. */
function deviceType(name: string): string {
  return /^DEVTYPE=(.*)$/m.exec(attribute(name, "uevent"))?.[1] ?? "";
}

/** "" where the interface has no such attribute; Number("") is 0. */
function attribute(name: string, attributeName: string): string {
  try {
    return readFileSync(`/sys/class/net/${name}/${attributeName}`, "utf8").trim();
  } catch {
    return "";
  }
}
