/** Asks again and again while a view is open and seen; a held view keeps its last answer. */

import { useEffect, useReducer, useRef } from "react";
import { useStore } from "./create-store.ts";
import { link, pausedAtMs } from "./live.ts";

export interface Polled<T> {
  /** undefined until the first answer has come. */
  readonly data: T | undefined;
  /** Why the last attempt failed; undefined when it did not. */
  readonly error: string | undefined;
}

/** @param key asks anew, and forgets the old answer, when it changes. */
export function usePoll<T>(key: string, everyMs: number, ask: () => Promise<T>): Polled<T> {
  const state = useRef<Polled<T> & { key: string }>({ key, data: undefined, error: undefined });
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const asking = useRef(ask);
  asking.current = ask;
  const isLive = useStore(link).state === "live";
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const once = async () => {
      const isHeld = pausedAtMs.get() !== undefined && state.current.data !== undefined;
      if (!document.hidden && !(isHeld && state.current.key === key)) {
        await asking.current().then(
          (data) => {
            if (!isOver) state.current = { key, data, error: undefined };
          },
          (error: unknown) => {
            const { data } = state.current.key === key ? state.current : { data: undefined };
            const said = error instanceof Error ? error.message : String(error);
            if (!isOver) state.current = { key, data, error: said };
          },
        );
        if (!isOver) redraw();
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
  }, [key, everyMs, isLive]);
  const { current } = state;
  return current.key === key ? current : { data: undefined, error: undefined };
}
