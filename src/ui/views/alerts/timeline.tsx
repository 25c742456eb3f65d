/** What fired, the latest first, by day. */

import { useState } from "react";
import type { AlertEvent, AlertLog } from "../../../model/alert.ts";
import { Segmented } from "../../parts/segmented.tsx";
import { Link, useQuery } from "../../router/router.tsx";
import { alertsChanged, useAlertChanges } from "../../store/alerts.ts";
import { client } from "../../store/live.ts";
import { usePoll } from "../../store/poll.ts";
import { EventCard } from "./event-card.tsx";

const LOG_MS = 3_000;
const PAGE = 50;

export function Timeline() {
  const [shown, setShown] = useQuery("show");
  const isUnread = shown === "unread";
  const change = useAlertChanges();
  const { data, error } = usePoll(`${shown} ${change}`, LOG_MS, () =>
    client.alertLog({ limit: PAGE, unread: isUnread }),
  );
  if (data === undefined) {
    return <p className="card quiet">{error === undefined ? "Asking …" : error}</p>;
  }
  return (
    <>
      <div className="above">
        <Segmented
          label="Which alerts"
          options={[
            { value: "", text: "All" },
            { value: "unread", text: "Unread" },
          ]}
          value={shown}
          onChange={setShown}
        />
        <span className="count">{countText(data)}</span>
        {data.unread === 0 ? null : (
          <button type="button" onClick={() => void readAll()}>
            Mark all as read
          </button>
        )}
      </div>
      {data.events.length === 0 ? <Empty isUnread={isUnread} /> : null}
      <Days key={shown} log={data} isUnread={isUnread} />
    </>
  );
}

async function readAll(): Promise<void> {
  await client.acknowledgeAlerts({ all: true }).catch(() => undefined);
  alertsChanged();
}

function countText({ count, unread, ongoing }: AlertLog): string {
  const going = ongoing === 0 ? "" : ` · ${ongoing} going on`;
  return `${count} alert${count === 1 ? "" : "s"} · ${unread} unread${going}`;
}

function Empty({ isUnread }: { readonly isUnread: boolean }) {
  return (
    <section className="card start">
      <p>{isUnread ? "You have read them all" : "Nothing has fired"}</p>
      <p className="next">
        {isUnread ? null : (
          <>
            Alerts come from <Link href="/alerts/rules">rules</Link>: a rate, a volume, a program
            that is new.
          </>
        )}
      </p>
    </section>
  );
}

function Days({ log, isUnread }: { readonly log: AlertLog; readonly isUnread: boolean }) {
  const [older, setOlder] = useState<readonly AlertEvent[]>([]);
  const [isOver, setOver] = useState(false);
  const events = [...log.events, ...older.filter(({ id }) => !isAmong(log.events, id))];
  const last = events.at(-1);
  const more = async () => {
    if (last === undefined) return;
    const next = await client.alertLog({ limit: PAGE, unread: isUnread, before: last.id });
    setOlder([...older, ...next.events]);
    setOver(next.events.length < PAGE);
  };
  return (
    <>
      {byDay(events).map(([day, some]) => (
        <section key={day} className="alert-day" aria-label={day}>
          <h2>{day}</h2>
          <ol>
            {some.map((event) => (
              <EventCard key={event.id} event={event} />
            ))}
          </ol>
        </section>
      ))}
      {events.length < log.count && !isOver ? (
        <button type="button" onClick={() => void more().catch(() => undefined)}>
          Show older ones
        </button>
      ) : null}
    </>
  );
}

function isAmong(events: readonly AlertEvent[], wanted: string): boolean {
  return events.some(({ id }) => id === wanted);
}

const DAY = new Intl.DateTimeFormat("en-GB", {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});

function byDay(events: readonly AlertEvent[]): (readonly [string, readonly AlertEvent[]])[] {
  const days = new Map<string, AlertEvent[]>();
  for (const event of events) {
    const day = DAY.format(event.atMs);
    days.set(day, [...(days.get(day) ?? []), event]);
  }
  return [...days];
}
