/** What enforces limits on this machine: `linux.ts`, another system's, or nothing with a reason. */

import type { LimitAchieved, LimitCapabilities, LimitRule } from "../model/limit.ts";

/** Enforces the rules that are in force now; schedules, expiry and quotas are decided before. */
export interface Limiter {
  /** What this machine can, found out without touching it. */
  capabilities(): LimitCapabilities;
  /** What apply() would do, one command or step a line; empty: nothing. Changes nothing.
   * @throws MonitauriError as apply(). */
  plan(rules: readonly LimitRule[]): Promise<readonly string[]>;
  /** Makes the kernel enforce exactly these rules; may be called again and again with the same. An empty list takes
   * everything out of the kernel. Calls that overlap are done in turn.
   * @throws MonitauriError "unsupported" where a part of the kernel is missing, "failed" where a command was refused;
   * the rules of the last call that was done stay in force then. */
  apply(rules: readonly LimitRule[]): Promise<void>;
  /** apply([]), and takes away what a daemon that was killed has left. */
  clear(): Promise<void>;
  /** Of every rule in force, as of the last reading (twice a second), in the order in which they were applied. */
  achieved(): readonly LimitAchieved[];
  /** Names of active interfaces that rules do not reach while there are some, as they do not lead off the machine. */
  unlimited(): readonly string[];
  /** clear(), then lets go of everything. A second call does nothing. */
  close(): Promise<void>;
}

/** A process that uses the network, as the sampler names it. */
export interface LimitedProcess {
  readonly pid: number;
  readonly startedAtMs: number | null;
  /** Application.key and Application.name. */
  readonly key: string;
  readonly application: string;
  readonly path: string | null;
  readonly user: string | null;
  readonly container: { readonly id: string; readonly name?: string | undefined } | null;
  readonly unit: string | null;
}
