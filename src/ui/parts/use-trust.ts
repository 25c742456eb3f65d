/** How far the numbers on the screen can be trusted now. */

import type { Status } from "../../model/monitauri.ts";
import { useStore } from "../store/create-store.ts";
import { link, shown } from "../store/live.ts";
import { type Trust, trustOf } from "./trust.ts";

export function useTrust(status: Status | undefined): Trust {
  const tick = useStore(shown);
  return trustOf({ tick, status, isLost: useStore(link).state === "lost" });
}
