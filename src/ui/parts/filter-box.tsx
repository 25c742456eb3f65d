/** Takes a filter expression, says what is wrong with it, and what one can write. */

import { useEffect, useId, useRef, useState } from "react";
import { type Filter, filterFields, MAX_FILTER_LENGTH, parseFilter } from "../../model/filter.ts";

export interface ParsedFilter {
  readonly fits: Filter;
  readonly error: string | undefined;
}

/** Where it makes no sense, everything fits. */
export function parsed(expression: string): ParsedFilter {
  try {
    return { fits: parseFilter(expression), error: undefined };
  } catch (error) {
    return { fits: () => true, error: error instanceof Error ? error.message : String(error) };
  }
}

export interface FilterBoxProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error: string | undefined;
  readonly placeholder: string;
}

/** Typing rests so long before it counts. */
const REST_MS = 180;

export function FilterBox({ value, onChange, error, placeholder }: FilterBoxProps) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const id = useId();
  // The address may change under it: a link, the way back.
  useEffect(() => setText(value), [value]);
  const type = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange(next.trim()), REST_MS);
  };
  return (
    <div className="filter">
      <input
        type="search"
        aria-label="Filter"
        aria-describedby={`${id}-error`}
        aria-invalid={error !== undefined}
        placeholder={placeholder}
        value={text}
        maxLength={MAX_FILTER_LENGTH}
        spellCheck="false"
        autoComplete="off"
        onChange={({ target }) => type(target.value)}
      />
      <details className="menu help">
        <summary className="button" aria-label="How to filter">
          ?
        </summary>
        <FilterHelp
          onPick={(example) => type(text.trim() === "" ? example : `${text.trim()} ${example}`)}
        />
      </details>
      <p id={`${id}-error`} className="wrong" aria-live="polite">
        {error ?? ""}
      </p>
    </div>
  );
}

function FilterHelp({ onPick }: { readonly onPick: (example: string) => void }) {
  const examples = [
    ...new Set(filterFields().map(({ example }) => example.split(" or ")[0] ?? "")),
  ];
  return (
    <div className="sheet">
      <p className="lead">
        A word is looked for everywhere. Fields narrow it down; all must fit. <code>-</code> before
        one turns it round, a comma means “or”, and <code>app:=curl</code> is that text exactly.
      </p>
      <ul className="examples">
        {examples.map((example) => (
          <li key={example}>
            <button type="button" className="ghost" onClick={() => onPick(example)}>
              {example}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
