/** The editor of a limit: who, how much, when; checked by the daemon while one types. */

import { type FormEvent, useEffect, useState } from "react";
import type { LimitChanged, LimitKind, LimitState, LimitTarget } from "../../../model/limit.ts";
import { Modal } from "../../parts/modal.tsx";
import { Segmented } from "../../parts/segmented.tsx";
import { closeEditor, refreshLimits } from "../../store/limits.ts";
import { client } from "../../store/live.ts";
import { type Draft, draftOf, wishOf } from "./draft.ts";
import { MoreFields } from "./more-fields.tsx";
import { Preview, usePreview } from "./preview.tsx";
import { RateField } from "./rate-field.tsx";
import { Suggestions, useSuggestions } from "./suggestions.tsx";
import { Templates } from "./templates.tsx";
import { WhenFields } from "./when-fields.tsx";

export interface LimitEditorProps {
  /** The rule that is changed; undefined: a new one. */
  readonly state: LimitState | undefined;
  readonly target: LimitTarget | undefined;
}

const KINDS: readonly (readonly [LimitKind, string])[] = [
  ["application", "Application"],
  ["machine", "This machine"],
  ["interface", "Interface"],
  ["user", "User"],
  ["container", "Container"],
  ["unit", "systemd unit"],
  ["process", "Process (pid)"],
  ["remote", "Remote network"],
  ["port", "Port"],
];

const PLACEHOLDERS: Readonly<Record<LimitKind, string>> = {
  application: "firefox, /usr/bin/curl or *.py",
  machine: "",
  interface: "eth0",
  user: "ada",
  container: "web",
  unit: "backup.service",
  process: "1234",
  remote: "192.0.2.1 or 10.0.0.0/8",
  port: "443 or 443/udp",
};

export function LimitEditor({ state, target }: LimitEditorProps) {
  const [draft, setDraft] = useState(() => draftOf(state?.rule, target));
  const [problem, setProblem] = useState("");
  const [isSaving, setSaving] = useState(false);
  const change = (parts: Partial<Draft>) => {
    setProblem("");
    setDraft({ ...draft, ...parts });
  };
  const suggestions = useSuggestions(draft.kind);
  const wish = wishOf(draft);
  const preview = usePreview(wish, state?.rule.id);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (typeof wish === "string") return setProblem(wish);
    setSaving(true);
    try {
      await saved(state, wish);
      closeEditor();
      void refreshLimits();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setSaving(false);
    }
  };
  useEffect(() => {
    document
      .querySelector<HTMLInputElement>(target === undefined ? "#limit-who" : ".rate-field input")
      ?.focus();
  }, []);
  return (
    <Modal
      className="limit-form"
      onClose={closeEditor}
      title={state === undefined ? "New limit" : `Change ${state.rule.id}`}
      onSubmit={save}
    >
      <div className="field who">
        <label htmlFor="limit-kind">Whose traffic</label>
        <select
          id="limit-kind"
          value={draft.kind}
          onChange={({ currentTarget }) =>
            change({ kind: currentTarget.value as LimitKind, who: "" })
          }
        >
          {KINDS.map(([kind, text]) => (
            <option key={kind} value={kind}>
              {text}
            </option>
          ))}
        </select>
        {draft.kind === "machine" ? null : (
          <>
            <input
              id="limit-who"
              type="text"
              aria-label="Which one"
              autoComplete="off"
              list="limit-names"
              placeholder={PLACEHOLDERS[draft.kind]}
              value={draft.who}
              onInput={({ currentTarget }) => change({ who: currentTarget.value })}
            />
            <Suggestions id="limit-names" values={suggestions} />
          </>
        )}
      </div>
      <Segmented
        label="What happens"
        options={[
          { value: "cap", text: "Cap" },
          { value: "block", text: "Block" },
        ]}
        value={draft.block ? "block" : "cap"}
        onChange={(value) => change({ block: value === "block" })}
      />
      {draft.block ? (
        <p className="lead">
          Nothing passes in either direction, and connections that are open end at once.
        </p>
      ) : (
        <>
          <RateField
            label="Download"
            look="d"
            text={draft.down}
            onText={(down) => change({ down })}
          />
          <RateField label="Upload" look="u" text={draft.up} onText={(up) => change({ up })} />
          <Templates onChoose={(rates) => change(rates)} />
        </>
      )}
      <WhenFields draft={draft} expiresAtMs={state?.rule.expiresAtMs ?? null} onChange={change} />
      <MoreFields draft={draft} onChange={change} />
      <Preview found={preview} />
      <p className="wrong" role="alert">
        {problem === "" ? (preview?.problem ?? "") : problem}
      </p>
      <div className="buttons">
        <button type="button" onClick={closeEditor}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={isSaving}>
          {isSaving ? "Saving …" : state === undefined ? "Add the limit" : "Save"}
        </button>
      </div>
    </Modal>
  );
}

function saved(
  state: LimitState | undefined,
  wish: Exclude<ReturnType<typeof wishOf>, string>,
): Promise<LimitChanged> {
  return state === undefined ? client.addLimit(wish) : client.setLimit(state.rule.id, wish);
}
