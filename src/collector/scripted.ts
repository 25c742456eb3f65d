/** A collector that replays prepared snapshots: tests and demonstrations need no kernel. */

import { type PlainSnapshot, snapshotOf } from "../model/plain-snapshot.ts";
import type { Collector, Snapshot } from "../model/snapshot.ts";

/** A snapshot as plain objects, or a failure that `read` throws in its place. */
export type Step = PlainSnapshot | Error;

export interface ScriptedOptions {
  /** What to read when the steps are used up; without it `read` then throws. `read` counts from 0. */
  readonly then?: (read: number) => Step;
}

/** Each `read` gives the next step, in order. */
export function scriptedCollector(
  steps: readonly Step[],
  options: ScriptedOptions = {},
): Collector {
  let reads = 0;
  let closed = false;

  function read(): Snapshot {
    if (closed) throw new Error("Cannot read: the collector is closed.");
    const step = steps[reads] ?? options.then?.(reads);
    if (step === undefined) throw new Error(`Cannot read: the script has ${steps.length} steps.`);
    reads += 1;
    if (step instanceof Error) throw step;
    return snapshotOf(step);
  }

  function close(): void {
    closed = true;
  }

  return { read, close };
}
