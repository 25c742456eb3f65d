/** Asks again and again while a view is open and seen; a held view keeps its last answer. */

import { useEffect, useRef, useState } from "react";
import { createStore, type Store, useStore } from "./create-store.ts";
import { link, pausedAtMs, withNextTick } from "./live.ts";

export interface Polled<T> {
  /** undefined until the first answer has come. */
  readonly data: T | undefined;
  /** Why the last attempt failed; undefined when it did not. */
  readonly error: string | undefined;
}

interface Answer<T> extends Polled<T> {
  readonly key: string;
}

/** An answer that several components show. */
export function createPolled<T>(): Store<Answer<T>> {
  return createStore<Answer<T>>({ key: "", data: undefined, error: undefined });
}

/**
 * @param key asks anew, and forgets the old answer, when it changes.
 * @param shared who else shows the answer reads it there.
 */
export function usePoll<T>(
  key: string,
  everyMs: number,
  ask: () => Promise<T>,
  shared?: Store<Answer<T>>,
): Polled<T> {
  const [own] = useState(createPolled<T>);
  const state = shared ?? own;
  const current = useStore(state);
  const asking = useRef(ask);
  asking.current = ask;
  const isLive = useStore(link).state === "live";
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const once = async () => {
      const isHeld = pausedAtMs.get() !== undefined && state.get().data !== undefined;
      if (!document.hidden && !(isHeld && state.get().key === key)) {
        const before = state.get().key === key ? state.get().data : undefined;
        const next = await asking.current().then(
          (data) => ({ key, data, error: undefined }),
          (error: unknown) => {
            const said = error instanceof Error ? error.message : String(error);
            return { key, data: before, error: said };
          },
        );
        const take = () => {
          if (!isOver) state.set(next);
        };
        if (before === undefined || next.error !== undefined) take();
        else withNextTick(take);
      }
      if (!isOver) timer = setTimeout(() => void once(), everyMs);
    };
    void once();
    const wake = () => {
      if (document.hidden || isOver) return;
      clearTimeout(timer);
      void once();
    };
    document.addEventListener("visibilitychange", wake);
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake);
    };
    // A new connection asks at once.
  }, [key, everyMs, isLive, state]);
  return current.key === key ? current : { data: undefined, error: undefined };
}
