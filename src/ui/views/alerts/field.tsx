/** Labelled inputs of the editors. */

import { type ReactNode, useId } from "react";

export interface FieldProps {
  readonly label: ReactNode;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What is wrong with it; undefined: nothing. */
  readonly error?: string | undefined;
  readonly hint?: ReactNode;
  readonly type?: "text" | "time" | "password" | "email" | "number";
  readonly placeholder?: string;
  /** Suggestions that are no bounds. */
  readonly list?: readonly string[];
  readonly autoComplete?: string;
}

export function Field(props: FieldProps) {
  const { label, value, onChange, error, hint, type = "text", placeholder, list } = props;
  const id = useId();
  return (
    <p className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type={type}
        value={value}
        placeholder={placeholder}
        autoComplete={props.autoComplete ?? "off"}
        spellCheck="false"
        list={list === undefined ? undefined : `${id}-list`}
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined && hint === undefined ? undefined : `${id}-note`}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
      {list === undefined ? null : (
        <datalist id={`${id}-list`}>
          {list.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
      {error === undefined && hint === undefined ? null : (
        <small id={`${id}-note`} className={error === undefined ? "" : "wrong"}>
          {error ?? hint}
        </small>
      )}
    </p>
  );
}

export interface ChoiceProps<T extends string> {
  readonly label: ReactNode;
  readonly value: T;
  readonly options: readonly (readonly [value: T, text: string])[];
  readonly onChange: (value: T) => void;
}

export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  const id = useId();
  return (
    <p className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={({ currentTarget }) => {
          const chosen = options.find(([one]) => one === currentTarget.value);
          if (chosen !== undefined) onChange(chosen[0]);
        }}
      >
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </p>
  );
}
