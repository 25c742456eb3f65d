/** What differs between systems: the only file that asks which one this is. Parts are loaded when they are used. */

import type { Listener } from "../model/monitauri.ts";
import type { Collector } from "../model/snapshot.ts";
import { isUnavailable, type Unavailable, unavailable } from "../model/unavailable.ts";

export const platform = process.platform;

/** How a file is locked for as long as the process lives. */
export const lockMethod: "flock" | "open-flag" = platform === "darwin" ? "open-flag" : "flock";

export interface OpenCollector {
  readonly collector: Collector;
  /** Numbers of the descriptors that keep kernel programs attached, now. */
  descriptors(): readonly number[];
  /** Better ways to count that this machine or user does not have. */
  readonly passedOver: readonly Unavailable[];
  /** Sockets that wait for others, now. @throws MonitauriError where they cannot be listed. */
  listeners(): readonly Listener[];
}

/** The best collector that this machine and user have; every reason where there is none. */
export async function openCollector({
  observe,
}: {
  /** Copy first packets for names and protocols. */
  readonly observe: boolean;
}): Promise<OpenCollector | readonly Unavailable[]> {
  if (platform !== "linux") {
    return [unavailable("counting", `there is no collector for ${platform} yet`, "use Linux")];
  }
  const { createListenerScan } = await import("../collector/listeners.ts");
  const listeners = createListenerScan();
  const kernel = await open("eBPF collector", async () => {
    const { openLinuxCollector } = await import("../collector/linux.ts");
    return openLinuxCollector({ observe });
  });
  if (!isUnavailable(kernel)) {
    const descriptors = () => kernel.resources().fds;
    return { collector: kernel, descriptors, passedOver: [], listeners };
  }
  const sockets = await open("sock_diag collector", async () => {
    const { openSockDiagCollector } = await import("../collector/linux-sockdiag.ts");
    return openSockDiagCollector();
  });
  if (isUnavailable(sockets)) return [kernel, sockets];
  return { collector: sockets, descriptors: () => [], passedOver: [kernel], listeners };
}

/** A part that breaks while opening is one more thing that this machine cannot, not the end of the daemon. */
async function open<T>(feature: string, opener: () => Promise<T>): Promise<T | Unavailable> {
  try {
    return await opener();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return unavailable(feature, reason, "see `monitauri doctor`");
  }
}
