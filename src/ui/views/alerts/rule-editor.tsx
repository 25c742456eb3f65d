/** The editor of a rule: a sentence that is filled in, and what it would have done last week. */

import { type ReactNode, useEffect, useRef, useState } from "react";
import {
  ALERT_SEVERITIES,
  type AlertKind,
  type AlertPreview,
  type AlertRule,
  type AlertRuleDraft,
} from "../../../model/alert.ts";
import { ruleWords } from "../../../model/alert-words.ts";
import { momentText } from "../../look/quantity.ts";
import { Modal } from "../../parts/modal.tsx";
import { client } from "../../store/live.ts";
import { usePoll } from "../../store/poll.ts";
import { ConditionFields } from "./condition-fields.tsx";
import { Choice, Field } from "./field.tsx";
import {
  draftOf,
  EMPTY_FORM,
  type FormField,
  formOf,
  type RuleForm,
  withKind,
} from "./rule-form.ts";

const PREVIEW_MS = 600;
const NEVER_MS = 3_600_000;

const KINDS: readonly (readonly [AlertKind, string])[] = [
  ["rate", "a rate is crossed"],
  ["volume", "a volume is used up"],
  ["forecast", "a volume will be used up"],
  ["newcomer", "a program is new"],
  ["first-contact", "a program talks to a new place"],
  ["unusual", "a program behaves unusually"],
  ["block-list", "an address of a block list is met"],
  ["limit", "a limit or quota matters"],
  ["coverage", "bytes have no owner"],
  ["interface-gone", "an interface is gone"],
  ["degraded", "Monitauri itself is in trouble"],
];

export interface RuleEditorProps {
  /** undefined: a new one. */
  readonly rule: AlertRule | undefined;
  readonly onClose: () => void;
}

export function RuleEditor({ rule, onClose }: RuleEditorProps) {
  const [form, setForm] = useState<RuleForm>(rule === undefined ? EMPTY_FORM : formOf(rule));
  const [isTried, setTried] = useState(false);
  const [failure, setFailure] = useState("");
  const channels = usePoll("channels", NEVER_MS, () => client.alertChannels()).data ?? [];
  const result = draftOf(form);
  const wrong = "wrong" in result ? result.wrong : {};
  const draft = "draft" in result ? result.draft : undefined;
  const change = (parts: Partial<RuleForm>) => setForm((old) => ({ ...old, ...parts }));
  const errorOf = (field: FormField) => (isTried ? wrong[field] : undefined);
  const save = async () => {
    setTried(true);
    if (draft === undefined) return;
    try {
      await (rule === undefined
        ? client.addAlertRule(draft)
        : client.setAlertRule(rule.id, { ...draft, ...renamed(rule, draft) }));
      onClose();
    } catch (cause) {
      setFailure(cause instanceof Error ? cause.message : String(cause));
    }
  };
  return (
    <Modal
      title={rule === undefined ? "New rule" : "Change the rule"}
      onClose={onClose}
      className="wide"
    >
      <form
        className="editor"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Choice
          label="Tell me when"
          value={form.kind}
          options={KINDS}
          onChange={(kind) => setForm((old) => withKind(old, kind))}
        />
        <ConditionFields form={form} change={change} errorOf={errorOf} />
        <Choice
          label="Severity"
          value={form.severity}
          options={ALERT_SEVERITIES.map((one) => [one, one] as const)}
          onChange={(severity) => change({ severity })}
        />
        <fieldset>
          <legend>Send it to</legend>
          {channels.length === 0 ? (
            <p className="quiet">
              Nowhere to send to yet: it will stand on this page. Add a place under “Where alerts
              go”.
            </p>
          ) : null}
          {channels.map(({ name }) => (
            <label key={name} className="tick">
              <input
                type="checkbox"
                checked={form.channels.includes(name)}
                onChange={({ currentTarget }) =>
                  change({
                    channels: currentTarget.checked
                      ? [...form.channels, name]
                      : form.channels.filter((one) => one !== name),
                  })
                }
              />
              {name}
            </label>
          ))}
          <label className="tick">
            <input
              type="checkbox"
              checked={form.tellEnd}
              onChange={({ currentTarget }) => change({ tellEnd: currentTarget.checked })}
            />
            also when it is over
          </label>
        </fieldset>
        <More form={form} change={change} errorOf={errorOf} />
        <Sentence draft={draft} />
        {failure === "" ? null : (
          <p className="wrong" role="alert">
            {failure}
          </p>
        )}
        <div className="editor-foot">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="primary">
            {rule === undefined ? "Add" : "Save"}
          </button>
        </div>
      </form>
    </Modal>
  );
}

/** A name that was made of the sentence follows it; one that a person gave stays. */
function renamed(rule: AlertRule, { condition, scope }: AlertRuleDraft): { name?: string } {
  if (rule.name !== ruleWords(rule)) return {};
  return { name: ruleWords({ condition, scope: scope ?? rule.scope }) };
}

export interface FieldsProps {
  readonly form: RuleForm;
  readonly change: (parts: Partial<RuleForm>) => void;
  readonly errorOf: (field: FormField) => string | undefined;
}

function More({ form, change, errorOf }: FieldsProps): ReactNode {
  return (
    <details className="extras">
      <summary>How often, and when not</summary>
      <Field
        label="Not again within"
        value={form.coolDown}
        error={errorOf("coolDown")}
        onChange={(coolDown) => change({ coolDown })}
      />
      <Field
        label="Collect into one message for"
        placeholder="none"
        value={form.digest}
        error={errorOf("digest")}
        onChange={(digest) => change({ digest })}
      />
      <div className="pair">
        <Field
          label="Quiet from"
          type="time"
          value={form.quietFrom}
          error={errorOf("quietFrom")}
          onChange={(quietFrom) => change({ quietFrom })}
        />
        <Field
          label="until"
          type="time"
          value={form.quietTo}
          onChange={(quietTo) => change({ quietTo })}
        />
      </div>
    </details>
  );
}

/** The rule in words, and the past week under it. */
function Sentence({ draft }: { readonly draft: AlertRuleDraft | undefined }) {
  const [preview, setPreview] = useState<AlertPreview | string>();
  const key = draft === undefined ? "" : JSON.stringify(draft);
  const asked = useRef("");
  useEffect(() => {
    asked.current = key;
    setPreview(undefined);
    if (key === "") return;
    const timer = setTimeout(() => {
      client.previewAlertRule(JSON.parse(key)).then(
        (answer) => asked.current === key && setPreview(answer),
        (cause: Error) => asked.current === key && setPreview(cause.message),
      );
    }, PREVIEW_MS);
    return () => clearTimeout(timer);
  }, [key]);
  if (draft === undefined) return <p className="sentence quiet">Fill in what is missing.</p>;
  const { condition, scope = { kind: "machine", match: "*" } } = draft;
  return (
    <div className="sentence" aria-live="polite">
      <p>
        <b>
          <bdi>{ruleWords({ condition, scope })}</bdi>
        </b>
      </p>
      {preview === undefined ? <p className="quiet">Looking at the last week …</p> : null}
      {typeof preview === "string" ? <p className="wrong">{preview}</p> : null}
      {preview === undefined || typeof preview === "string" ? null : <Past preview={preview} />}
    </div>
  );
}

function Past({ preview: { fired, basis, events } }: { readonly preview: AlertPreview }) {
  const times = fired === 1 ? "once" : `${fired} times`;
  return (
    <>
      <p>{fired === null ? basis : `It would have fired ${times} last week.`}</p>
      {fired === null ? null : <p className="quiet">{basis}</p>}
      <ul className="past">
        {events.slice(0, 3).map(({ atMs, title }) => (
          <li key={`${atMs} ${title}`}>
            {momentText(atMs, Date.now())}: <bdi>{title}</bdi>
          </li>
        ))}
      </ul>
    </>
  );
}
