/** Device programs on every interface of the host but loopback, put on and taken off as interfaces come and go. */

import type { InterfaceReading } from "../../model/snapshot.ts";
import { type Unavailable, unavailable } from "../../model/unavailable.ts";
import type { BpfLink } from "../../native/bpf-object.ts";

export interface DevicePrograms {
  /** Follows the list of interfaces. */
  follow(interfaces: readonly InterfaceReading[]): void;
  /** Why forwarded packets and link-level senders are not told apart, where they are not. */
  readonly missing: Unavailable | undefined;
}

export function createDevicePrograms(attach: (ifindex: number) => BpfLink): DevicePrograms {
  const links = new Map<number, BpfLink>();
  const failed = new Set<number>();
  let missing: Unavailable | undefined;

  return {
    follow(interfaces) {
      for (const device of interfaces) {
        if (device.kind === "loopback") continue;
        const link = links.get(device.id);
        if (!device.present) {
          link?.close(); // the kernel has detached it already; this frees the descriptor
          links.delete(device.id);
          failed.delete(device.id);
        } else if (!link && !failed.has(device.id)) {
          try {
            links.set(device.id, attach(device.ifindex));
          } catch (error) {
            failed.add(device.id);
            missing = unavailable(
              "forwarded packets and link-level senders",
              error instanceof Error ? error.message : String(error),
              "use Linux 6.6 or newer, which has tcx links; until then they show as a remainder",
            );
          }
        }
      }
    },
    get missing() {
      return missing;
    },
  };
}
