/** How long an interval was, and whether something is wrong with it. */

import type { Gap } from "../model/sample.ts";

/** One moment by three clocks; see Snapshot. */
export interface Moment {
  readonly atMs: number;
  readonly monotonicMs: number;
  readonly bootMs: number;
}

export interface Measured {
  /** By the monotonic clock, what rates are divided by; 0: unknown, there is no rate. */
  readonly intervalMs: number;
  readonly gap: Gap | undefined;
}

export interface Asked {
  /** The interval that was asked for. */
  readonly intervalMs: number;
  /** For the first moment: wall clock of the last sample of a sampler that ran before and failed. */
  readonly restartedAfterMs?: number | undefined;
}

/** The three clocks are read one after the other; a busy machine may take a while between two of them. */
const SUSPEND_TOLERANCE_MS = 500;
/** Less is what NTP corrects without anybody noticing. */
const CLOCK_TOLERANCE_MS = 2_000;
const LATE_FACTOR = 3;

/** What lies between two moments; `previous` is undefined for the first one. */
export function measureInterval(
  previous: Moment | undefined,
  current: Moment,
  asked: Asked,
): Measured {
  if (previous === undefined) {
    const fromMs = asked.restartedAfterMs;
    return { intervalMs: 0, gap: fromMs === undefined ? undefined : restart(fromMs, current) };
  }
  const monotonicMs = current.monotonicMs - previous.monotonicMs;
  const bootMs = current.bootMs - previous.bootMs;
  if (monotonicMs < 0 || bootMs < 0) {
    return { intervalMs: 0, gap: restart(previous.atMs, current) };
  }
  const reason = reasonOf({ monotonicMs, bootMs, wallMs: current.atMs - previous.atMs }, asked);
  if (reason === undefined) return { intervalMs: monotonicMs, gap: undefined };
  // A clock that was set back must not make the gap end before it began.
  const fromMs = Math.min(previous.atMs, current.atMs - bootMs);
  return { intervalMs: monotonicMs, gap: { fromMs, toMs: current.atMs, reason } };
}

/** Bytes per second; 0 for an interval of unknown length. */
export function bytesPerSecond(bytes: number, intervalMs: number): number {
  return intervalMs > 0 ? (bytes * 1000) / intervalMs : 0;
}

interface Elapsed {
  readonly monotonicMs: number;
  readonly bootMs: number;
  readonly wallMs: number;
}

function reasonOf(
  { monotonicMs, bootMs, wallMs }: Elapsed,
  { intervalMs }: Asked,
): Gap["reason"] | undefined {
  if (bootMs - monotonicMs > SUSPEND_TOLERANCE_MS) return "suspended";
  if (Math.abs(wallMs - bootMs) > CLOCK_TOLERANCE_MS) return "clock-changed";
  if (monotonicMs > LATE_FACTOR * intervalMs) return "late";
  return undefined;
}

function restart(fromMs: number, { atMs }: Moment): Gap {
  return { fromMs: Math.min(fromMs, atMs), toMs: atMs, reason: "sampler-restarted" };
}
