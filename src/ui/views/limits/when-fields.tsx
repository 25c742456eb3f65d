/** When a limit holds, and until when. */

import { formatSchedule, parseSchedule } from "../../../model/limit-schedule.ts";
import { momentText } from "../../look/quantity.ts";
import type { Draft } from "./draft.ts";

const HOUR_MS = 3_600_000;
const ENDS: readonly (readonly [ms: number, text: string])[] = [
  [0, "until it is removed"],
  [HOUR_MS, "for an hour"],
  [4 * HOUR_MS, "for 4 hours"],
  [24 * HOUR_MS, "for a day"],
  [7 * 24 * HOUR_MS, "for a week"],
];
const SCHEDULES = ["mon-fri 09:00-18:00", "22:00-06:00", "sat,sun"];

export interface WhenFieldsProps {
  readonly draft: Draft;
  /** Of the rule as it is. */
  readonly expiresAtMs: number | null;
  readonly onChange: (parts: Partial<Draft>) => void;
}

export function WhenFields({ draft, expiresAtMs, onChange }: WhenFieldsProps) {
  const read = readSchedule(draft.when);
  return (
    <div className="pair">
      <label>
        Holds
        <input
          type="text"
          list="limit-schedules"
          placeholder="always"
          autoComplete="off"
          aria-invalid={read.wrong !== undefined}
          value={draft.when}
          onInput={({ currentTarget }) => onChange({ when: currentTarget.value })}
        />
        <datalist id="limit-schedules">
          {SCHEDULES.map((text) => (
            <option key={text} value={text} />
          ))}
        </datalist>
        <small className={read.wrong === undefined ? "" : "wrong"}>
          {read.wrong ?? read.text ?? "or as mon-fri 09:00-18:00"}
        </small>
      </label>
      <label>
        Ends
        <select
          value={draft.forMs}
          onChange={({ currentTarget }) => onChange({ forMs: Number(currentTarget.value) })}
        >
          {draft.forMs === -1 || expiresAtMs !== null ? (
            <option value={-1}>
              {expiresAtMs === null ? "until it is removed" : momentText(expiresAtMs, Date.now())}
            </option>
          ) : null}
          {ENDS.filter(([ms]) => ms > 0 || draft.forMs !== -1 || expiresAtMs !== null).map(
            ([ms, text]) => (
              <option key={ms} value={ms}>
                {text}
              </option>
            ),
          )}
        </select>
      </label>
    </div>
  );
}

function readSchedule(text: string): { readonly text?: string; readonly wrong?: string } {
  if (text.trim() === "") return {};
  try {
    return { text: formatSchedule(parseSchedule(text)) };
  } catch {
    return { wrong: "Write it as mon-fri 09:00-18:00" };
  }
}
