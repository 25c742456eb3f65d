/** Limits and quotas as the daemon tells them, shared by everybody who shows them, and what is being edited. */

import { useEffect } from "react";
import type { LimitList, LimitState, LimitTarget } from "../../model/limit.ts";
import { applicationFits, type ProgramNames } from "../../model/limit-match.ts";
import type { Quota } from "../../model/quota.ts";
import { createStore, useStore } from "./create-store.ts";
import { client, link } from "./live.ts";

/** Where they are only marked in a row. */
const SELDOM_MS = 4_000;

export const limitList = createStore<LimitList | undefined>(undefined);
let askedAtMs = 0;
let isAsking = false;

/** undefined until the first answer. @param everyMs how old it may be. */
export function useLimits(everyMs = SELDOM_MS): LimitList | undefined {
  const list = useStore(limitList);
  const isLive = useStore(link).state === "live";
  useEffect(() => {
    const ask = () => {
      if (!document.hidden && Date.now() - askedAtMs >= everyMs) void refreshLimits();
    };
    ask();
    const timer = setInterval(ask, everyMs);
    document.addEventListener("visibilitychange", ask);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", ask);
    };
  }, [everyMs, isLive]);
  return list;
}

/** Asks now; a failure keeps the last answer, and the banner says that the daemon does not answer. */
export async function refreshLimits(): Promise<void> {
  if (isAsking) return;
  isAsking = true;
  askedAtMs = Date.now();
  try {
    const next = await client.limits();
    // Every row looks at it, and mostly nothing has changed.
    if (JSON.stringify(next) !== JSON.stringify(limitList.get())) limitList.set(next);
  } catch {
    // As said above.
  } finally {
    isAsking = false;
  }
}

/** The narrowest rule that means an application by its name and is switched on; undefined: none. */
export function limitOf(
  list: LimitList | undefined,
  program: ProgramNames,
): LimitState | undefined {
  return list?.limits.find(
    ({ rule, state }) =>
      rule.target.kind === "application" &&
      state !== "disabled" &&
      state !== "expired" &&
      applicationFits(rule.target.pattern, program),
  );
}

/** What the editor is open for: a new limit of somebody, one that is changed, or a quota. */
export type Editing =
  | {
      readonly kind: "limit";
      readonly state: LimitState | undefined;
      readonly target: LimitTarget | undefined;
    }
  | { readonly kind: "quota"; readonly quota: Quota | undefined };

export const editing = createStore<Editing | undefined>(undefined);

export function closeEditor(): void {
  editing.set(undefined);
}

/** Opens the editor: of the rule that means the application, else of a new one. */
export function limitApplication(program: ProgramNames): void {
  const state = limitOf(limitList.get(), program);
  editing.set({ kind: "limit", state, target: targetFor(program) });
}

/** The shortest text that means this application and no other. */
export function targetFor({ key, name, path }: ProgramNames): LimitTarget {
  if (key.startsWith("container:"))
    return { kind: "container", container: key.slice("container:".length) };
  if (key.startsWith("unit:")) return { kind: "unit", unit: key.slice("unit:".length) };
  const isPlain = path !== null && path !== undefined && key === `path:${path}`;
  const pattern = isPlain ? path : /[*?]/.test(key) ? name : key;
  return { kind: "application", pattern };
}
