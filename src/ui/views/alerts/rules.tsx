/** The rules: what is looked for, where it is told, and the switch of each. */

import { useState } from "react";
import type { AlertRule } from "../../../model/alert.ts";
import { ruleWords } from "../../../model/alert-words.ts";
import { momentText } from "../../look/quantity.ts";
import { alertsChanged, useAlertChanges } from "../../store/alerts.ts";
import { client } from "../../store/live.ts";
import { usePoll } from "../../store/poll.ts";
import { useStatus } from "../../store/status.ts";
import { RuleEditor } from "./rule-editor.tsx";
import { restText } from "./rule-form.ts";

const RULES_MS = 5_000;
const HOUR_MS = 3_600_000;

export function Rules() {
  const change = useAlertChanges();
  const { data, error } = usePoll(`rules ${change}`, RULES_MS, () => client.alertRules());
  const learning = useStatus().data?.alerts.learning ?? [];
  const [edited, setEdited] = useState<AlertRule | "new">();
  const [failure, setFailure] = useState("");
  const act = async (action: Promise<unknown>) => {
    setFailure("");
    await action.catch((cause: Error) => setFailure(cause.message));
    alertsChanged();
  };
  return (
    <>
      <div className="above">
        <p className="lead">What Monitauri looks for once a second, and whom it tells.</p>
        <button type="button" className="primary" onClick={() => setEdited("new")}>
          New rule
        </button>
      </div>
      <p className="wrong" role="alert">
        {failure === "" && error !== undefined ? error : failure}
      </p>
      {data?.length === 0 ? (
        <section className="card start">
          <p>No rules yet</p>
          <p className="next">
            Begin with one: a program that is new, or a month that uses up its data.
          </p>
        </section>
      ) : null}
      {data === undefined || data.length === 0 ? null : (
        <ul className="card alert-rules">
          {data.map((rule) => (
            <RuleRow key={rule.id} rule={rule} act={act} onEdit={() => setEdited(rule)} />
          ))}
        </ul>
      )}
      {learning.map(({ what, untilMs }) => (
        <p className="quiet" key={what}>
          Learning {what} until {momentText(untilMs, Date.now())}, quiet before.
        </p>
      ))}
      {edited === undefined ? null : (
        <RuleEditor
          rule={edited === "new" ? undefined : edited}
          onClose={() => {
            setEdited(undefined);
            alertsChanged();
          }}
        />
      )}
    </>
  );
}

interface RowProps {
  readonly rule: AlertRule;
  readonly act: (action: Promise<unknown>) => Promise<void>;
  readonly onEdit: () => void;
}

function RuleRow({ rule, act, onEdit }: RowProps) {
  const { id, name, enabled, severity, channels, coolDownMs, snoozedUntilMs } = rule;
  const nowMs = Date.now();
  const isSnoozed = snoozedUntilMs !== null && snoozedUntilMs > nowMs;
  const words = ruleWords(rule);
  const snooze = () =>
    client.snoozeAlerts({ ruleId: id, untilMs: isSnoozed ? null : nowMs + HOUR_MS });
  return (
    <li>
      <input
        type="checkbox"
        className="switch"
        role="switch"
        aria-label={`${name}: on`}
        checked={enabled}
        onChange={() => void act(client.setAlertRule(id, { enabled: !enabled }))}
      />
      <div>
        <b className={enabled ? "" : "quiet"}>
          <bdi>{name}</bdi>
        </b>
        {name === words ? null : (
          <p>
            <bdi>{words}</bdi>
          </p>
        )}
        <p>
          <span className={`severity ${severity}`}>{severity}</span>{" "}
          {channels.length === 0 ? "only on this page" : `to ${channels.join(", ")}`} ·{" "}
          {restText(coolDownMs)}
          {isSnoozed ? ` · rests until ${momentText(snoozedUntilMs, nowMs)}` : ""}
        </p>
      </div>
      <div className="row-tools">
        <button type="button" onClick={onEdit}>
          Change
        </button>
        <button type="button" aria-pressed={isSnoozed} onClick={() => void act(snooze())}>
          {isSnoozed ? "Wake" : "Rest 1 h"}
        </button>
        <RemoveButton what={name} onRemove={() => void act(client.removeAlertRule(id))} />
      </div>
    </li>
  );
}

/** Asks once more in its own place: a dialog for one word would be too much. */
export function RemoveButton({
  what,
  onRemove,
}: {
  readonly what: string;
  readonly onRemove: () => void;
}) {
  const [isAsked, setAsked] = useState(false);
  return (
    <button
      type="button"
      className={isAsked ? "danger" : ""}
      aria-label={isAsked ? `Really remove ${what}` : `Remove ${what}`}
      onBlur={() => setAsked(false)}
      onClick={() => (isAsked ? onRemove() : setAsked(true))}
    >
      {isAsked ? "Really?" : "Remove"}
    </button>
  );
}
