/** What the table's rows are, and a search in their names. */

import { useEffect, useRef, useState } from "react";
import { Segmented } from "../../parts/segmented.tsx";
import { type By, type Question, VIEWS, withRows } from "./question.ts";
import { BY_WORDS } from "./words.ts";

/** Typing rests so long before it counts. */
const REST_MS = 180;

const ORDER: readonly By[] = [
  "application",
  "process",
  "remote",
  "country",
  "protocol",
  "port",
  "scope",
  "direction",
  "interface",
  "user",
  "container",
  "connections",
];
/** One that has no place yet comes last. */
const ALL = [...ORDER, ...VIEWS.filter((by) => !ORDER.includes(by))];

interface ByBarProps {
  readonly question: Question;
  readonly onAsk: (question: Question) => void;
}

export function ByBar({ question, onAsk }: ByBarProps) {
  const choose = (by: By) => onAsk(withRows(question, by));
  const options = ALL.map((value) => ({ value, text: BY_WORDS[value].many }));
  return (
    <div className="by-bar">
      <Segmented small label="Rows" options={options} value={question.by} onChange={choose} />
      <select
        className="preset-select"
        aria-label="Rows"
        value={question.by}
        onChange={({ currentTarget: { value } }) => {
          const by = VIEWS.find((one) => one === value);
          if (by !== undefined) choose(by);
        }}
      >
        {options.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      <Find question={question} onAsk={onAsk} />
    </div>
  );
}

function Find({ question, onAsk }: ByBarProps) {
  const [text, setText] = useState(question.find);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef({ question, onAsk });
  latest.current = { question, onAsk };
  // The address may change under it: a link, the way back.
  useEffect(() => setText(question.find), [question.find]);
  const type = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(
      () => latest.current.onAsk({ ...latest.current.question, find: next.trim() }),
      REST_MS,
    );
  };
  return (
    <input
      type="search"
      aria-label="Find a row"
      placeholder="Find"
      value={text}
      maxLength={200}
      spellCheck="false"
      autoComplete="off"
      onInput={({ currentTarget }) => type(currentTarget.value)}
    />
  );
}
