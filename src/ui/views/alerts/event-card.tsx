/** One alert: what happened, to whom, what it looked like then and who was busy. */

import type { AlertEvent } from "../../../model/alert.ts";
import { formatDuration } from "../../../model/format.ts";
import { clockText, exactRateText, momentText, rateText } from "../../look/quantity.ts";
import { Mark } from "../../parts/mark.tsx";
import { Link } from "../../router/router.tsx";
import { applicationPath } from "../../router/routes.ts";
import { alertsChanged } from "../../store/alerts.ts";
import { useStore } from "../../store/create-store.ts";
import { client } from "../../store/live.ts";
import { units } from "../../store/settings.ts";
import { eventPaths } from "./event-paths.ts";

const SIZE = { width: 240, height: 56 } as const;

export function EventCard({ event }: { readonly event: AlertEvent }) {
  const { id, atMs, severity, title, text, acknowledgedAtMs, causes } = event;
  const isUnread = acknowledgedAtMs === null;
  const read = async () => {
    await client.acknowledgeAlerts({ ids: [id] }).catch(() => undefined);
    alertsChanged();
  };
  return (
    <li className={isUnread ? "card alert unread" : "card alert"}>
      <div className="alert-head">
        <span className={`severity ${severity}`}>{severity}</span>
        <h3>
          <bdi>{title}</bdi>
        </h3>
        <span className="when" title={new Date(atMs).toLocaleString("en-GB")}>
          {clockText(atMs, true)}
        </span>
      </div>
      <div className="alert-body">
        <div className="alert-words">
          {text
            .split("\n")
            .filter((line) => line !== "")
            .map((line, at) => (
              // The lines of a text never change their order.
              <p key={`${at} ${line}`}>{line}</p>
            ))}
          <p className="quiet">{stateText(event)}</p>
          {causes.length === 0 ? null : <Causes event={event} />}
        </div>
        <Series event={event} />
      </div>
      <div className="alert-foot">
        {event.subject.kind === "application" && event.subject.key !== "" ? (
          <Link className="underlined" href={applicationPath(event.subject.key)}>
            {event.subject.name}
          </Link>
        ) : null}
        <span className="quiet">
          rule: <bdi>{event.ruleName}</bdi>
        </span>
        {isUnread ? (
          <button type="button" className="ghost" onClick={() => void read()}>
            Mark as read
          </button>
        ) : null}
      </div>
    </li>
  );
}

function stateText({ state, atMs, resolvedAtMs }: AlertEvent): string {
  if (state === "ongoing") return `Going on since ${momentText(atMs, Date.now())}.`;
  if (state === "resolved" && resolvedAtMs !== null) {
    return `Over at ${momentText(resolvedAtMs, Date.now())}, after ${formatDuration(resolvedAtMs - atMs)}.`;
  }
  return "";
}

function Causes({ event }: { readonly event: AlertEvent }) {
  const chosen = useStore(units);
  return (
    <ul className="causes" aria-label="Busiest at that moment">
      {event.causes.map(({ key, name, rxBytesPerSecond, txBytesPerSecond }) => (
        <li key={key}>
          <Mark appKey={key} name={name} />
          <Link href={applicationPath(key)}>
            <bdi>{name}</bdi>
          </Link>
          <span title={exactRateText(rxBytesPerSecond, chosen)}>
            <i className="dot d" aria-hidden="true" />
            <span className="unseen">download </span>
            {rateText(rxBytesPerSecond, chosen)}
          </span>
          <span title={exactRateText(txBytesPerSecond, chosen)}>
            <i className="dot u" aria-hidden="true" />
            <span className="unseen">upload </span>
            {rateText(txBytesPerSecond, chosen)}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The minutes before it, download up and upload down. The words beside it say the same. */
function Series({ event }: { readonly event: AlertEvent }) {
  const chosen = useStore(units);
  const { atMs } = event.series;
  if (atMs.length < 2) return null;
  const { down, up, axis, threshold, peak } = eventPaths(event, SIZE);
  return (
    <figure className="alert-series">
      <svg
        viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Download and upload until then, at most ${rateText(peak, chosen)}`}
      >
        <path className="axis" d={axis} />
        <path className="down" d={down} />
        <path className="up" d={up} />
        {threshold === "" ? null : <path className="threshold" d={threshold} />}
      </svg>
      <figcaption>
        {clockText(atMs[0] ?? 0)} to {clockText(atMs.at(-1) ?? 0)}, peak {rateText(peak, chosen)}
      </figcaption>
    </figure>
  );
}
