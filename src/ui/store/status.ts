/** What the daemon says of itself, asked once in a while by whoever shows it. */

import { useEffect } from "react";
import type { PsRow, Status } from "../../model/monitauri.ts";
import { createStore, useStore } from "./create-store.ts";
import { client, pausedAtMs, shown, withNextTick } from "./live.ts";
import { createPolled, type Polled, usePoll } from "./poll.ts";
import { interfaceOf } from "./scope.ts";
import { scope } from "./settings.ts";

const STATUS_MS = 4_000;
/** Names, users and paths change seldom; the numbers beside them come with every tick. */
const PS_MS = 5_000;
/** An answer with so many rows is a megabyte to read, and is asked for less often. */
const MANY = 500;
const PS_MANY_MS = 15_000;
/** Totals of a single interface come only from here. */
const PS_INTERFACE_MS = 1_500;
/** An application that is not known yet is looked up at once, but not more often. */
const NEW_MS = 1_000;

const status = createPolled<Status>();

export function useStatus(): Polled<Status> {
  return useStore(status);
}

/** For the one who asks on behalf of all that show it. */
export function useAskedStatus(): Polled<Status> {
  return usePoll("status", STATUS_MS, () => client.status(), status);
}

const applications = createStore<readonly PsRow[] | undefined>(undefined);
let known: ReadonlySet<string> = new Set();
let askedAtMs = 0;

/** All applications; undefined until the first answer. */
export function useApplications(): readonly PsRow[] | undefined {
  const everyMs = interfaceOf(useStore(scope)) === undefined ? PS_MS : PS_INTERFACE_MS;
  const rows = useStore(applications);
  const tick = useStore(shown);
  useEffect(() => {
    if (pausedAtMs.get() !== undefined && applications.get() !== undefined) return;
    const nowMs = Date.now();
    const isOld = nowMs - askedAtMs >= (known.size > MANY ? PS_MANY_MS : everyMs);
    if (!isOld && (nowMs - askedAtMs < NEW_MS || !hasUnknown(tick?.keys ?? []))) return;
    askedAtMs = nowMs;
    client.ps({ by: "application" }).then(
      (next) => {
        known = new Set(next.map(({ key }) => key));
        if (applications.get() === undefined) applications.set(next);
        else withNextTick(() => applications.set(next));
      },
      // The banner says that the daemon does not answer; the last rows stay.
      () => undefined,
    );
  }, [tick, everyMs]);
  return rows;
}

function hasUnknown(keys: readonly string[]): boolean {
  return keys.some((key) => !known.has(key));
}
