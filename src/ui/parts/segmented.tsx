/** One of a few, as buttons side by side. */

import type { ReactNode } from "react";

export interface SegmentedProps<T extends string | number> {
  readonly label: string;
  readonly options: readonly { readonly value: T; readonly text: ReactNode }[];
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly small?: boolean;
}

export function Segmented<T extends string | number>(props: SegmentedProps<T>) {
  const { label, options, value, onChange, small = false } = props;
  return (
    <div className={small ? "seg small" : "seg"} role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
        >
          {option.text}
        </button>
      ))}
    </div>
  );
}
