/** The editor of a quota: who, how many bytes in what time, and what follows. */

import { type FormEvent, useState } from "react";
import { formatBytes, parseBytes } from "../../../model/format.ts";
import {
  QUOTA_PERIODS,
  type Quota,
  type QuotaDirection,
  type QuotaPeriod,
  type QuotaStep,
  type QuotaWish,
} from "../../../model/quota.ts";
import { Modal } from "../../parts/modal.tsx";
import { Segmented } from "../../parts/segmented.tsx";
import { closeEditor, refreshLimits } from "../../store/limits.ts";
import { client } from "../../store/live.ts";
import { rateAsText, rateIn, withoutZeros } from "./rate-text.ts";
import { Suggestions, useSuggestions } from "./suggestions.tsx";

interface StepDraft {
  readonly percent: string;
  readonly action: "notify" | "throttle" | "block";
  readonly rate: string;
  /** As it was, with rates that differ by direction; holds while nothing of it is changed. */
  readonly was?: QuotaStep["action"];
}

interface QuotaDraft {
  readonly isMachine: boolean;
  readonly pattern: string;
  readonly bytes: string;
  readonly direction: QuotaDirection;
  readonly period: QuotaPeriod;
  readonly startDay: number;
  readonly steps: readonly StepDraft[];
}

const USUAL: readonly StepDraft[] = [
  { percent: "80", action: "notify", rate: "" },
  { percent: "100", action: "throttle", rate: "1 Mbit/s" },
];
const PERIOD_NAMES = {
  day: "day",
  week: "week",
  month: "month",
  billing: "billing cycle",
} as const;
const ACTION_NAMES = { notify: "tell", throttle: "throttle to", block: "block" } as const;

export function QuotaEditor({ quota }: { readonly quota: Quota | undefined }) {
  const [draft, setDraft] = useState(() => draftOf(quota));
  const [problem, setProblem] = useState("");
  const names = useSuggestions("application");
  const change = (parts: Partial<QuotaDraft>) => {
    setProblem("");
    setDraft({ ...draft, ...parts });
  };
  const changeStep = (at: number, parts: Partial<StepDraft>) =>
    change({ steps: draft.steps.map((step, i) => (i === at ? changedStep(step, parts) : step)) });
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const wish = wishOf(draft);
    if (typeof wish === "string") return setProblem(wish);
    try {
      await (quota === undefined ? client.addQuota(wish) : client.setQuota(quota.id, wish));
      closeEditor();
      void refreshLimits();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Modal
      className="limit-form"
      onClose={closeEditor}
      title={quota === undefined ? "New quota" : `Change ${quota.id}`}
      onSubmit={save}
    >
      <Segmented
        label="Whose bytes"
        options={[
          { value: "machine", text: "This machine" },
          { value: "application", text: "An application" },
        ]}
        value={draft.isMachine ? "machine" : "application"}
        onChange={(value) => change({ isMachine: value === "machine" })}
      />
      {draft.isMachine ? null : (
        <label>
          Application
          <input
            type="text"
            list="quota-names"
            placeholder="firefox, /usr/bin/curl or *.py"
            autoComplete="off"
            value={draft.pattern}
            onInput={({ currentTarget }) => change({ pattern: currentTarget.value })}
          />
          <Suggestions id="quota-names" values={names} />
        </label>
      )}
      <div className="pair">
        <label>
          Bytes
          <input
            type="text"
            placeholder="100 GB"
            autoComplete="off"
            aria-invalid={draft.bytes !== "" && parseBytes(draft.bytes) === undefined}
            value={draft.bytes}
            onInput={({ currentTarget }) => change({ bytes: currentTarget.value })}
          />
        </label>
        <label>
          Counts
          <select
            value={draft.direction}
            onChange={({ currentTarget }) =>
              change({ direction: currentTarget.value as QuotaDirection })
            }
          >
            <option value="both">both directions</option>
            <option value="rx">download</option>
            <option value="tx">upload</option>
          </select>
        </label>
      </div>
      <div className="pair">
        <label>
          In a
          <select
            value={draft.period}
            onChange={({ currentTarget }) => change({ period: currentTarget.value as QuotaPeriod })}
          >
            {QUOTA_PERIODS.map((period) => (
              <option key={period} value={period}>
                {PERIOD_NAMES[period]}
              </option>
            ))}
          </select>
        </label>
        {draft.period === "billing" ? (
          <label>
            It begins on day
            <input
              type="number"
              min="1"
              max="31"
              value={draft.startDay}
              onInput={({ currentTarget }) => change({ startDay: Number(currentTarget.value) })}
            />
          </label>
        ) : null}
      </div>
      <fieldset className="steps">
        <legend>Steps</legend>
        {draft.steps.map((step, at) => (
          <div key={at} className="step">
            <span>
              at
              <input
                type="number"
                min="1"
                max="1000"
                aria-label={`Step ${at + 1}: percent`}
                value={step.percent}
                onInput={({ currentTarget }) => changeStep(at, { percent: currentTarget.value })}
              />
              %
            </span>
            <select
              aria-label={`Step ${at + 1}: what happens`}
              value={step.action}
              onChange={({ currentTarget }) =>
                changeStep(at, { action: currentTarget.value as StepDraft["action"] })
              }
            >
              {Object.entries(ACTION_NAMES).map(([action, text]) => (
                <option key={action} value={action}>
                  {text}
                </option>
              ))}
            </select>
            {step.action === "throttle" ? (
              <input
                type="text"
                aria-label={`Step ${at + 1}: rate`}
                aria-invalid={typeof rateIn(step.rate) !== "number"}
                value={step.rate}
                onInput={({ currentTarget }) => changeStep(at, { rate: currentTarget.value })}
              />
            ) : (
              <span />
            )}
            <button
              type="button"
              className="ghost"
              aria-label={`Remove step ${at + 1}`}
              onClick={() => change({ steps: draft.steps.filter((_, i) => i !== at) })}
            >
              ×
            </button>
          </div>
        ))}
        <button
          type="button"
          className="ghost"
          onClick={() =>
            change({ steps: [...draft.steps, { percent: "120", action: "block", rate: "" }] })
          }
        >
          Add a step
        </button>
      </fieldset>
      <p className="wrong" role="alert">
        {problem}
      </p>
      <div className="buttons">
        <button type="button" onClick={closeEditor}>
          Cancel
        </button>
        <button type="submit" className="primary">
          {quota === undefined ? "Add the quota" : "Save"}
        </button>
      </div>
    </Modal>
  );
}

function changedStep({ was, ...step }: StepDraft, parts: Partial<StepDraft>): StepDraft {
  const keeps = parts.action === undefined && parts.rate === undefined && was !== undefined;
  return { ...step, ...parts, ...(keeps ? { was } : {}) };
}

function draftOf(quota: Quota | undefined): QuotaDraft {
  if (quota === undefined) {
    return {
      isMachine: true,
      pattern: "",
      bytes: "",
      direction: "both",
      period: "month",
      startDay: 1,
      steps: USUAL,
    };
  }
  const { target, bytes, direction, period, startDay, steps } = quota;
  const exact = withoutZeros(formatBytes(bytes));
  return {
    isMachine: target.kind === "machine",
    pattern: target.kind === "application" ? target.pattern : "",
    bytes: parseBytes(exact) === bytes ? exact : `${bytes} B`,
    direction,
    period,
    startDay,
    steps: steps.map(({ atShare, action }) => ({
      percent: String(Number((atShare * 100).toFixed(4))),
      action: action.do,
      rate:
        action.do === "throttle"
          ? rateAsText(action.rxBytesPerSecond ?? action.txBytesPerSecond)
          : "",
      was: action,
    })),
  };
}

function wishOf(draft: QuotaDraft): QuotaWish | string {
  const bytes = parseBytes(draft.bytes);
  if (bytes === undefined) return "Write the bytes as 100 GB or 500 MB.";
  if (!draft.isMachine && draft.pattern.trim() === "") return "Say which application is meant.";
  const steps: QuotaStep[] = [];
  for (const { percent, action, rate, was } of draft.steps) {
    const atShare = Number(percent) / 100;
    if (!(atShare > 0)) return "Each step needs a percentage.";
    if (was !== undefined) steps.push({ atShare, action: was });
    else if (action !== "throttle") steps.push({ atShare, action: { do: action } });
    else {
      const cap = rateIn(rate);
      if (typeof cap !== "number") return "A step throttles to a rate as 1 Mbit/s.";
      steps.push({
        atShare,
        action: { do: "throttle", rxBytesPerSecond: cap, txBytesPerSecond: cap },
      });
    }
  }
  return {
    target: draft.isMachine
      ? { kind: "machine" }
      : { kind: "application", pattern: draft.pattern.trim() },
    bytes,
    direction: draft.direction,
    period: draft.period,
    startDay: draft.period === "billing" ? draft.startDay : 1,
    steps: steps.sort((a, b) => a.atShare - b.atShare),
  };
}
