/** Whether alerts would tell: rules that work and that do not, what waits, and what went wrong last. */

import type { ReactNode } from "react";
import type { AlertStatus } from "../../../model/alert-status.ts";
import { momentText } from "../../look/quantity.ts";
import { Link } from "../../router/router.tsx";

export function AlertHealth({
  alerts,
  nowMs,
}: {
  readonly alerts: AlertStatus;
  readonly nowMs: number;
}) {
  const { rules, activeRules, faultyRules, troubles, learning, unread, ongoing, waiting } = alerts;
  return (
    <section className="card" aria-labelledby="alerts-title">
      <h2 id="alerts-title">Alerts</h2>
      <ul className="plain">
        <Line state={faultyRules === 0 ? "ok" : "limited"}>
          <Link href="/alerts/rules">
            {rules === 0 ? "no rules" : `${activeRules} of ${rules} rules active`}
          </Link>
          {faultyRules === 0 ? "" : `, ${faultyRules} cannot work`}
        </Line>
        <Line state="ok">
          <Link href="/alerts">{unread} unread</Link>, {ongoing} going on, {waiting}{" "}
          {waiting === 1 ? "message" : "messages"} waiting
        </Line>
        {troubles.map(({ ruleId, text }) => (
          <Line key={`${ruleId} ${text}`} state="limited">
            <bdi>{ruleId === null ? text : `Rule ${ruleId}: ${text}`}</bdi>
          </Line>
        ))}
        {learning.map(({ what, untilMs }) => (
          <Line key={what} state="ok">
            learning {what} until {momentText(untilMs, nowMs)}, quiet before
          </Line>
        ))}
        <Failure failure={alerts.lastFailure} nowMs={nowMs} />
      </ul>
    </section>
  );
}

function Failure({
  failure,
  nowMs,
}: {
  readonly failure: AlertStatus["lastFailure"];
  readonly nowMs: number;
}) {
  if (failure === null) return null;
  const { channel, atMs, said, remedy, isOver } = failure;
  return (
    <Line state={isOver ? "ok" : "limited"}>
      {channel} failed {momentText(atMs, nowMs)}: <bdi>{said}</bdi>
      {isOver ? "; it works again" : ""}
      {isOver || remedy === "" ? null : (
        <span className="remedy">
          {" "}
          What to do: <bdi>{remedy}</bdi>
        </span>
      )}
    </Line>
  );
}

function Line({
  state,
  children,
}: {
  readonly state: "ok" | "limited";
  readonly children: ReactNode;
}) {
  return (
    <li>
      <span className={`state ${state}`}>{state}</span>
      <div>
        <p>{children}</p>
      </div>
    </li>
  );
}
