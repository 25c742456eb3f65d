/** What few limits need: exceptions, priority, a guaranteed share. */

import type { Draft } from "./draft.ts";

export interface MoreFieldsProps {
  readonly draft: Draft;
  readonly onChange: (parts: Partial<Draft>) => void;
}

export function MoreFields({ draft, onChange }: MoreFieldsProps) {
  return (
    <details className="more-fields">
      <summary>More</summary>
      <label className="check">
        <input
          type="checkbox"
          checked={draft.exceptLan}
          onChange={({ currentTarget }) => onChange({ exceptLan: currentTarget.checked })}
        />
        Leave local networks alone
      </label>
      {draft.block ? null : (
        <>
          <div className="pair">
            <Share
              label="Guaranteed download"
              text={draft.guaranteeDown}
              onText={(guaranteeDown) => onChange({ guaranteeDown })}
            />
            <Share
              label="Guaranteed upload"
              text={draft.guaranteeUp}
              onText={(guaranteeUp) => onChange({ guaranteeUp })}
            />
          </div>
          <label>
            Takes what is left
            <select
              value={draft.priority}
              onChange={({ currentTarget }) => onChange({ priority: Number(currentTarget.value) })}
            >
              {["first", "early", "early", "as usual", "late", "late", "late", "last"].map(
                (word, at) => (
                  <option key={at} value={at}>
                    {at}: {word}
                  </option>
                ),
              )}
            </select>
          </label>
        </>
      )}
    </details>
  );
}

interface ShareProps {
  readonly label: string;
  readonly text: string;
  readonly onText: (text: string) => void;
}

function Share({ label, text, onText }: ShareProps) {
  return (
    <label>
      {label}
      <input
        type="text"
        placeholder="none"
        autoComplete="off"
        value={text}
        onInput={({ currentTarget }) => onText(currentTarget.value)}
      />
    </label>
  );
}
