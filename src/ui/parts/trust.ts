/** Whether the numbers are all that they could be on this machine, and why not (pure). */

import { formatShare } from "../../model/format.ts";
import type { Status } from "../../model/monitauri.ts";
import type { Tick } from "../stream/messages.ts";

export interface Trust {
  readonly isFull: boolean;
  /** How bytes are counted now. */
  readonly counting: string;
  /** The attributed share, or the first reason why it is less than it could be. */
  readonly detail: string;
  /** All reasons. */
  readonly reasons: readonly string[];
}

/** Below it the missing part is worth a look; the rest of a busy machine is the kernel's own. */
const GOOD_SHARE = 0.95;
/** A gap is news for so long. */
const RECENT_MS = 300_000;

export interface TrustSource {
  readonly tick: Tick | undefined;
  readonly status: Status | undefined;
  /** Nothing comes from the daemon. */
  readonly isLost: boolean;
}

export function trustOf({ tick, status, isLost }: TrustSource): Trust {
  if (isLost) return LOST;
  const source = status?.collector?.source ?? tick?.counting.split(",")[0] ?? "";
  const share = tick?.attributedShare ?? null;
  const reasons = [...statusReasons(status, tick?.atMs ?? 0), ...shareReasons(share)];
  const attributed = share === null ? "nothing counted yet" : `${formatShare(share)} have an owner`;
  return {
    isFull: reasons.length === 0,
    counting:
      COUNTING[source] ?? (source === "" ? "Waiting for the first count" : `Counting: ${source}`),
    detail: reasons[0] ?? attributed,
    reasons,
  };
}

export function isSameTrust(a: Trust, b: Trust): boolean {
  return a.counting === b.counting && a.detail === b.detail && `${a.reasons}` === `${b.reasons}`;
}

const LOST: Trust = {
  isFull: false,
  counting: "Not connected",
  detail: "the daemon does not answer",
  reasons: ["the daemon does not answer"],
};

const COUNTING: Readonly<Record<string, string>> = {
  eBPF: "Counting in the kernel",
  sock_diag: "Counting by socket",
};

function statusReasons(status: Status | undefined, nowMs: number): string[] {
  if (status === undefined) return [];
  const { collector, threads, gaps } = status;
  const reasons: string[] = [];
  if (!status.privileged) reasons.push("not root: sees less");
  else if (collector !== undefined && collector.missing.length > 0) {
    reasons.push(`missing: ${collector.missing[0]?.feature ?? ""}`);
  }
  for (const { name, state } of threads) {
    if (state !== "running") reasons.push(`${name} is ${state}`);
  }
  if (gaps.some(({ toMs, reason }) => reason === "sampler-restarted" && nowMs - toMs < RECENT_MS)) {
    reasons.push("counting restarted lately");
  }
  if (collector !== undefined && collector.overflowRxBytes + collector.overflowTxBytes > 0) {
    reasons.push("a kernel table was full");
  }
  return reasons;
}

function shareReasons(share: number | null): string[] {
  if (share === null) return [];
  if (share > 1.000_001) return [`${formatShare(share)} attributed: a fault`];
  return share < GOOD_SHARE ? [`only ${formatShare(share)} have an owner`] : [];
}
