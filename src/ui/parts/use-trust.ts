/** How far the numbers on the screen can be trusted now. */

import { useRef, useSyncExternalStore } from "react";
import type { Status } from "../../model/monitauri.ts";
import { useStore } from "../store/create-store.ts";
import { link, shown } from "../store/live.ts";
import { isSameTrust, type Trust, trustOf } from "./trust.ts";

/** The same object as long as it says the same: whoever shows it is not drawn anew with each tick. */
export function useTrust(status: Status | undefined): Trust {
  const isLost = useStore(link).state === "lost";
  const last = useRef<Trust>(undefined);
  return useSyncExternalStore(shown.subscribe, () => {
    const next = trustOf({ tick: shown.get(), status, isLost });
    if (last.current === undefined || !isSameTrust(last.current, next)) last.current = next;
    return last.current;
  });
}
