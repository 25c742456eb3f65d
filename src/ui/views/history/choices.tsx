/** What is left out of the question, and whether it is compared. */

import { HISTORY_SCOPES } from "../../../model/history.ts";
import { type Question, withStep } from "./question.ts";
import { SCOPE_WORDS } from "./words.ts";

export interface ChoicesProps {
  readonly question: Question;
  readonly onAsk: (question: Question) => void;
}

export function Choices({ question, onAsk }: ChoicesProps) {
  const scopes = question.steps.filter(({ by }) => by === "scope");
  const scope = scopes.length === 1 ? (scopes[0]?.key ?? "") : "";
  const setScope = (key: string) => {
    const steps = question.steps.filter(({ by }) => by !== "scope");
    onAsk(key === "" ? { ...question, steps } : withStep(question, { by: "scope", key }));
  };
  return (
    <>
      <select
        aria-label="Networks"
        value={scope}
        onChange={({ currentTarget: { value } }) => setScope(value)}
      >
        <option value="">All networks</option>
        {HISTORY_SCOPES.map((one) => (
          <option key={one} value={one}>
            {SCOPE_WORDS[one]}
          </option>
        ))}
      </select>
      <button
        type="button"
        aria-pressed={question.isCompared}
        title="With the time before"
        onClick={() => onAsk({ ...question, isCompared: !question.isCompared })}
      >
        Compare
      </button>
    </>
  );
}
