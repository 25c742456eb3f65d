/** Which time is looked at: a word, exact times, or the time before or after. */

import { type FormEvent, useEffect, useRef, useState } from "react";
import type { Period } from "../../../model/history.ts";
import { cycleDay } from "../../store/settings.ts";
import { PERIOD_TITLES, PERIODS, type PeriodName } from "./periods.ts";
import type { Question } from "./question.ts";
import type { Zone } from "./zone.ts";

export interface PeriodBarProps {
  readonly question: Question;
  readonly period: Period;
  readonly zone: Zone;
  readonly onAsk: (question: Question) => void;
  readonly onMove: (by: 1 | -1) => void;
}

export function PeriodBar({ question, period, zone, onAsk, onMove }: PeriodBarProps) {
  const choose = (name: PeriodName) =>
    onAsk({ ...question, period: name, cycleDay: cycleDay.get(), zooms: [] });
  const isChosen = (name: PeriodName) => question.period === name;
  return (
    <div className="period-bar">
      <div className="seg presets" role="group" aria-label="Period">
        {PERIODS.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={isChosen(name)}
            onClick={() => choose(name)}
          >
            {PERIOD_TITLES[name]}
          </button>
        ))}
      </div>
      <select
        className="preset-select"
        aria-label="Period"
        value={typeof question.period === "string" ? question.period : ""}
        onChange={({ currentTarget: { value } }) => {
          const name = PERIODS.find((one) => one === value);
          if (name !== undefined) choose(name);
        }}
      >
        {typeof question.period === "string" ? null : <option value="">Exact times</option>}
        {PERIODS.map((name) => (
          <option key={name} value={name}>
            {PERIOD_TITLES[name]}
          </option>
        ))}
      </select>
      <div className="seg">
        <button type="button" aria-label="The time before" title="," onClick={() => onMove(-1)}>
          ‹
        </button>
        <button type="button" aria-label="The time after" title="." onClick={() => onMove(1)}>
          ›
        </button>
      </div>
      <Exact question={question} period={period} zone={zone} onAsk={onAsk} />
    </div>
  );
}

type ExactProps = Omit<PeriodBarProps, "onMove">;

function Exact({ question, period, zone, onAsk }: ExactProps) {
  const sheet = useRef<HTMLDetailsElement>(null);
  const [wrong, say] = useState("");
  // As it was when the sheet was opened: what is typed is not written over while time goes on.
  const [held, hold] = useState(period);
  const isExact = typeof question.period !== "string" && question.zooms.length === 0;
  useEffect(() => closeOutside(sheet), []);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const [fromMs, toMs] = ["from", "to"].map((name) => zone.read(String(data.get(name))));
    if (fromMs === undefined || toMs === undefined) return say("Give both times.");
    if (toMs <= fromMs) return say("It ends before it begins.");
    say("");
    if (sheet.current !== null) sheet.current.open = false;
    onAsk({ ...question, period: { fromMs, toMs }, zooms: [] });
  };
  return (
    <details className="menu exact" ref={sheet}>
      <summary
        className={isExact ? "button chosen" : "button"}
        onClick={() => sheet.current?.open === false && hold(period)}
      >
        From – to
      </summary>
      <form className="sheet" onSubmit={submit} key={`${held.fromMs} ${held.toMs}`}>
        <label>
          From
          <input
            type="datetime-local"
            name="from"
            step="1"
            required
            defaultValue={zone.local(held.fromMs)}
          />
        </label>
        <label>
          To
          <input
            type="datetime-local"
            name="to"
            step="1"
            required
            defaultValue={zone.local(held.toMs)}
          />
        </label>
        <p className="wrong" role="alert">
          {wrong}
        </p>
        <button type="submit" className="primary">
          Show
        </button>
        <label>
          The billing cycle begins on day
          <input
            type="number"
            min="1"
            max="31"
            value={cycleDay.get()}
            onInput={({ currentTarget: { value } }) => {
              const day = Number(value);
              if (!Number.isInteger(day) || day < 1 || day > 31) return;
              cycleDay.set(day);
              if (question.period === "cycle") onAsk({ ...question, cycleDay: day });
            }}
          />
        </label>
        <p className="lead">Times are those of {zone.name}, where Monitauri runs.</p>
      </form>
    </details>
  );
}

function closeOutside(sheet: { readonly current: HTMLDetailsElement | null }): () => void {
  const close = (event: Event) => {
    const { current } = sheet;
    if (current === null || !current.open) return;
    const isEscape = event instanceof KeyboardEvent && event.key === "Escape";
    const isOutside = event.type === "pointerdown" && !current.contains(event.target as Node);
    if (isEscape || isOutside) current.open = false;
  };
  addEventListener("pointerdown", close);
  addEventListener("keydown", close);
  return () => {
    removeEventListener("pointerdown", close);
    removeEventListener("keydown", close);
  };
}
