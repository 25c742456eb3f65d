/** What fired and has not been read: the number in the navigation, and the browser's own notifications. */

import { useEffect } from "react";
import type { AlertEvent, AlertLog } from "../../model/alert.ts";
import { createStore, useStore } from "./create-store.ts";
import { client } from "./live.ts";
import { usePoll } from "./poll.ts";
import { notifies } from "./settings.ts";

const UNREAD_MS = 5_000;
/** More at once are one sentence. */
const MAX_NOTICES = 3;

/** Grows by one when an action here has changed what fired: the number is asked for again at once. */
const changes = createStore(0);

export function alertsChanged(): void {
  changes.set(changes.get() + 1);
}

export function useAlertChanges(): number {
  return useStore(changes);
}

/** How many are unread; undefined while that is not known. */
export function useUnread(): number | undefined {
  const change = useStore(changes);
  const { data } = usePoll<AlertLog>(`unread ${change}`, UNREAD_MS, () =>
    client.alertLog({ unread: true, limit: MAX_NOTICES + 1 }),
  );
  const isWanted = useStore(notifies);
  useEffect(() => {
    if (data !== undefined) tell(data.events, isWanted);
  }, [data, isWanted]);
  return data?.unread;
}

let toldUntilMs = Date.now();

/** Only what fired since the page was opened, each once. Tabs of one browser share the notification by its tag. */
function tell(events: readonly AlertEvent[], isWanted: boolean): void {
  const fresh = events.filter(({ atMs }) => atMs > toldUntilMs);
  for (const { atMs } of fresh) toldUntilMs = Math.max(toldUntilMs, atMs);
  if (!isWanted || fresh.length === 0 || Notification.permission !== "granted") return;
  if (fresh.length > MAX_NOTICES) {
    new Notification("Monitauri", { body: "Several alerts have fired.", tag: "alerts" });
    return;
  }
  for (const { id, title } of fresh) new Notification("Monitauri", { body: title, tag: id });
}
