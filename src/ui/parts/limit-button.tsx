/** In a row: that somebody is limited and what is held, else the way to a limit. */

import type { LimitState } from "../../model/limit.ts";
import type { ProgramNames } from "../../model/limit-match.ts";
import { rateText } from "../look/quantity.ts";
import { useStore } from "../store/create-store.ts";
import { limitApplication, limitList, limitOf } from "../store/limits.ts";
import { type Units, units } from "../store/settings.ts";

export interface LimitButtonProps {
  readonly program: ProgramNames;
  /** As large as other buttons. */
  readonly isLarge?: boolean;
}

export function LimitButton({ program, isLarge = false }: LimitButtonProps) {
  const state = limitOf(useStore(limitList), program);
  const unit = useStore(units);
  const open = (event: { stopPropagation(): void }) => {
    event.stopPropagation();
    limitApplication(program);
  };
  if (state === undefined) {
    return (
      <button
        type="button"
        data-limit=""
        className={isLarge ? "" : "ghost limit-button"}
        aria-label={`Limit ${program.name}`}
        title="l"
        onClick={open}
      >
        Limit
      </button>
    );
  }
  return (
    <button
      type="button"
      data-limit=""
      className={state.state === "active" ? "limit-chip" : "limit-chip idle"}
      title="l"
      onClick={open}
    >
      <span className="unseen">Limit of {program.name}: </span>
      <Chip state={state} units={unit} />
    </button>
  );
}

/** Where there is no room for the button: that there is a limit. */
export function LimitMark({ program }: Pick<LimitButtonProps, "program">) {
  const state = limitOf(useStore(limitList), program);
  const unit = useStore(units);
  if (state === undefined) return null;
  return <b className="limit-mark">limited: {chipText(state, unit)} · </b>;
}

function Chip({ state, units: unit }: { readonly state: LimitState; readonly units: Units }) {
  const { rule, achieved } = state;
  if (rule.block) return <span>blocked</span>;
  const parts = (["rx", "tx"] as const).flatMap((direction) => {
    const cap = rule[`${direction}BytesPerSecond`];
    if (cap === null) return [];
    const held = achieved?.[`${direction}BytesPerSecond`];
    return [{ direction, cap, held }];
  });
  if (parts.length === 0) return <span>limited</span>;
  return (
    <>
      {parts.map(({ direction, cap, held }) => (
        <span key={direction} className={direction === "rx" ? "d" : "u"}>
          {direction === "rx" ? "↓" : "↑"} {rateText(cap, unit)}
          {held === null || held === undefined ? null : (
            <small> held {rateText(held, unit).split(" ")[0]}</small>
          )}
        </span>
      ))}
    </>
  );
}

function chipText({ rule }: LimitState, unit: Units): string {
  if (rule.block) return "blocked";
  const parts = [
    rule.rxBytesPerSecond === null ? "" : `${rateText(rule.rxBytesPerSecond, unit)} down`,
    rule.txBytesPerSecond === null ? "" : `${rateText(rule.txBytesPerSecond, unit)} up`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "by priority" : parts.join(", ");
}
