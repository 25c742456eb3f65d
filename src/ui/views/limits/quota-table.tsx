/** Quotas: how much of each is used, and which step holds. */

import { targetText } from "../../../model/limit-text.ts";
import type { QuotaState, QuotaStep } from "../../../model/quota.ts";
import { momentText, rateText } from "../../look/quantity.ts";
import { QuotaUsed } from "../../parts/quota-used.tsx";
import { useStore } from "../../store/create-store.ts";
import { editing } from "../../store/limits.ts";
import { client } from "../../store/live.ts";
import { type Units, units } from "../../store/settings.ts";
import type { TableProps } from "./limit-table.tsx";
import { QUOTA_WORDS } from "./words.ts";

export interface QuotaTableProps {
  readonly quotas: readonly QuotaState[];
  readonly act: TableProps["act"];
}

export function QuotaTable({ quotas, act }: QuotaTableProps) {
  const unit = useStore(units);
  return (
    <table className="rows limits quotas">
      <thead>
        <tr>
          <th scope="col" className="c-name">
            Who
          </th>
          <th scope="col" className="c-used">
            Used
          </th>
          <th scope="col" className="c-hold">
            State
          </th>
          <th scope="col" className="c-acts">
            <span className="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {quotas.map((state, index) => (
          <QuotaRow key={state.quota.id} index={index} state={state} act={act} units={unit} />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  readonly index: number;
  readonly state: QuotaState;
  readonly act: TableProps["act"];
  readonly units: Units;
}

function QuotaRow({ index, state, act, units: unit }: RowProps) {
  const { quota } = state;
  const name = targetText(quota.target);
  const isWaived = state.state === "overridden";
  const edit = () => editing.set({ kind: "quota", quota });
  return (
    <tr data-row={index} className={quota.enabled ? undefined : "ended"}>
      <td className="c-name">
        <span className="names">
          <a
            href={`#${quota.id}`}
            onClick={(event) => {
              event.preventDefault();
              edit();
            }}
          >
            <bdi>{name}</bdi>
          </a>
          <small>{stepsText(quota.steps, unit)}</small>
        </span>
      </td>
      <td className="c-used">
        <QuotaUsed state={state} />
      </td>
      <td className="c-hold">
        <span className={`state ${lookOf(state)}`}>{QUOTA_WORDS[state.state]}</span>
        <small>{state.reason ?? `until ${momentText(state.periodToMs, state.periodFromMs)}`}</small>
      </td>
      <td className="c-acts">
        <button
          type="button"
          className="ghost"
          aria-pressed={isWaived}
          aria-label={`Waive today: ${name}`}
          onClick={() => act(() => client.setQuota(quota.id, { overrideToday: !isWaived }))}
        >
          Waive today
        </button>
        <button
          type="button"
          className="ghost wide-only"
          aria-label={`Change the quota of ${name}`}
          onClick={edit}
        >
          Change
        </button>
        <button
          type="button"
          className="ghost"
          aria-label={`Remove the quota of ${name}`}
          onClick={() => act(() => client.removeQuota(quota.id))}
        >
          Remove
        </button>
      </td>
    </tr>
  );
}

function stepsText(steps: readonly QuotaStep[], unit: Units): string {
  return steps
    .map(({ atShare, action }) => {
      const at = `${Number((atShare * 100).toFixed(1))} %`;
      if (action.do === "notify") return `${at} tell`;
      if (action.do === "block") return `${at} block`;
      const rates = [action.rxBytesPerSecond, action.txBytesPerSecond].map((one) =>
        one === null ? "–" : rateText(one, unit),
      );
      return `${at} ${rates[0] === rates[1] ? rates[0] : rates.join(" down, ") + " up"}`;
    })
    .join(" · ");
}

function lookOf({ state }: QuotaState): string {
  if (state === "under") return "ok";
  if (state === "blocked") return "missing";
  return state === "disabled" || state === "overridden" ? "off" : "limited";
}
