/** What differs between systems: the only file that asks which one this is. Parts are loaded when they are used. */

import type { LimitedProcess, Limiter } from "../limits/limiter.ts";
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

export interface LimiterParts {
  /** File in which it writes what it changes. */
  readonly journal: string;
  readonly processes: () => Promise<readonly LimitedProcess[]>;
  readonly onFault: (message: string) => void;
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

/** What enforces limits here. */
export async function openLimiter(options: LimiterParts): Promise<Limiter> {
  const limiter = await open("limits", async () => {
    if (platform === "linux") {
      const { openLinuxLimiter } = await import("../limits/linux.ts");
      return openLinuxLimiter(options);
    }
    return unavailable("limits", `there is no way to limit on ${platform} yet`, "use Linux");
  });
  if (!isUnavailable(limiter)) return limiter;
  const { createNoLimiter } = await import("../limits/no-limiter.ts");
  return createNoLimiter(limiter);
}

/** Takes away what a daemon that was killed has left, without one; true: there was something.
 * @throws MonitauriError "forbidden" for anybody but root. */
export async function clearLeftLimits(journal: string): Promise<boolean> {
  if (platform !== "linux") return false;
  const { clearLinuxLimits } = await import("../limits/linux.ts");
  return clearLinuxLimits(journal);
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
