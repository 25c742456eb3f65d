/** The rules, each with its target against what is held now as a live bar. */

import { type LimitList, type LimitState, MAX_LIMITS } from "../../../model/limit.ts";
import { conditionText, effectText, targetText } from "../../../model/limit-text.ts";
import { rateText, volume } from "../../look/quantity.ts";
import { useStore } from "../../store/create-store.ts";
import { editing } from "../../store/limits.ts";
import { client } from "../../store/live.ts";
import { type Units, units } from "../../store/settings.ts";
import { fillOf, STATE_WORDS, stateLook, titleOf } from "./words.ts";

/** More rows would make the page slow, and a filter of applications finds the rule sooner. */
const SHOWN = 200;

export interface TableProps {
  readonly list: LimitList;
  /** Does something, and says where it failed. */
  readonly act: (work: () => Promise<unknown>) => void;
}

export function LimitTable({ list, act }: TableProps) {
  const unit = useStore(units);
  return (
    <>
      <table className="rows limits">
        <thead>
          <tr>
            <th scope="col" className="c-name">
              Who
            </th>
            <th scope="col" className="c-cap">
              Download
            </th>
            <th scope="col" className="c-cap">
              Upload
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
          {list.limits.slice(0, SHOWN).map((state, index) => (
            <LimitRow
              key={state.rule.id}
              index={index}
              state={state}
              atMs={list.atMs}
              act={act}
              units={unit}
            />
          ))}
        </tbody>
      </table>
      {list.limits.length > SHOWN ? (
        <p className="more">
          {list.limits.length - SHOWN} more: monitauri limit list shows all, of {MAX_LIMITS} at
          most.
        </p>
      ) : null}
    </>
  );
}

interface RowProps {
  readonly index: number;
  readonly state: LimitState;
  readonly atMs: number;
  readonly act: TableProps["act"];
  readonly units: Units;
}

function LimitRow({ index, state, atMs, act, units: unit }: RowProps) {
  const { rule, achieved } = state;
  const title = titleOf(state);
  const edit = () => editing.set({ kind: "limit", state, target: rule.target });
  return (
    <tr data-row={index} className={rule.enabled ? undefined : "ended"}>
      <td className="c-name">
        <span className="names">
          <a
            href={`#${rule.id}`}
            onClick={(event) => {
              event.preventDefault();
              edit();
            }}
            title={targetText(rule.target)}
          >
            <bdi>{title}</bdi>
          </a>
          <small>
            <bdi>{detailOf(state, title, atMs)}</bdi>
          </small>
        </span>
      </td>
      <CapCell
        className="d"
        isBlock={rule.block}
        cap={rule.rxBytesPerSecond}
        held={achieved?.rxBytesPerSecond}
        units={unit}
      />
      <CapCell
        className="u"
        isBlock={rule.block}
        cap={rule.txBytesPerSecond}
        held={achieved?.txBytesPerSecond}
        units={unit}
      />
      <td className="c-hold">
        <span className={`state ${stateLook(state.state)}`}>{STATE_WORDS[state.state]}</span>
        <small className={state.reason === null ? undefined : "reason"}>{stateDetail(state)}</small>
      </td>
      <td className="c-acts">
        <button
          type="button"
          className="ghost"
          aria-pressed={rule.enabled}
          aria-label={rule.enabled ? `On: ${title}. Switch off` : `Off: ${title}. Switch on`}
          onClick={() => act(() => client.setLimit(rule.id, { enabled: !rule.enabled }))}
        >
          {rule.enabled ? "On" : "Off"}
        </button>
        <button
          type="button"
          className="ghost wide-only"
          aria-label={`Change ${title}`}
          onClick={edit}
        >
          Change
        </button>
        <button
          type="button"
          className="ghost"
          aria-label={`Remove the limit of ${title}`}
          onClick={() => act(() => client.removeLimit(rule.id))}
        >
          Remove
        </button>
      </td>
    </tr>
  );
}

interface CapProps {
  /** "d" or "u", for its colour. */
  readonly className: string;
  readonly isBlock: boolean;
  readonly cap: number | null;
  readonly held: number | null | undefined;
  readonly units: Units;
}

function CapCell({ className, isBlock, cap, held, units: unit }: CapProps) {
  if (isBlock) return <td className="c-cap">blocked</td>;
  const fill = fillOf(held, cap);
  if (cap === null || fill === undefined) return <td className="c-cap quiet">no cap</td>;
  const target = rateText(cap, unit);
  const now = held === null || held === undefined ? undefined : rateText(held, unit);
  return (
    <td className={`c-cap ${className}`}>
      <span className="held">
        <b>{now ?? "–"}</b> <small>of {target}</small>
      </span>
      <span
        className="gauge"
        role="meter"
        aria-label={className === "d" ? "Download held" : "Upload held"}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(fill * 100)}
        aria-valuetext={`${now ?? "nothing"} of ${target}`}
      >
        <i style={{ width: `${(fill * 100).toFixed(1)}%` }} />
      </span>
    </td>
  );
}

function detailOf(state: LimitState, title: string, atMs: number): string {
  const { rule, within } = state;
  const { target } = rule;
  const parts = [
    target.kind === "application" && target.pattern !== title ? target.pattern : "",
    rule.rxBytesPerSecond === null && rule.txBytesPerSecond === null && !rule.block
      ? effectText(rule)
      : "",
    conditionText(rule, atMs),
    rule.priority === 3 ? "" : `priority ${rule.priority}`,
    within.length === 0 ? "" : `within ${within.join(", ")}`,
  ];
  return [rule.id, ...parts.filter((part) => part !== "")].join(" · ");
}

function stateDetail({ reason, achieved, appliesTo, appliesToCount, rule }: LimitState): string {
  if (reason !== null) return reason;
  if (achieved === undefined) return "";
  const drops = achieved.rxDrops + achieved.txDrops;
  const backlog = achieved.rxBacklogBytes + achieved.txBacklogBytes;
  const waits = volume(backlog);
  const parts = [
    rule.target.kind === "machine" || rule.target.kind === "application"
      ? ""
      : appliesToCount === 0
        ? "nobody now"
        : appliesTo.slice(0, 2).join(", ") +
          (appliesToCount > 2 ? ` and ${appliesToCount - 2} more` : ""),
    drops === 0 ? "" : `${drops.toLocaleString("en-US")} dropped`,
    backlog === 0 ? "" : `${waits.number} ${waits.unit} wait`,
  ];
  return parts.filter((part) => part !== "").join(" · ");
}
