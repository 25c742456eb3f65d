/** Asks whether a limit may stay that touches the connection this page comes over. */

import { useState } from "react";
import { targetText } from "../../model/limit-text.ts";
import { useStore } from "../store/create-store.ts";
import { limitList, refreshLimits } from "../store/limits.ts";
import { client, shown } from "../store/live.ts";

export function LimitConfirm() {
  const list = useStore(limitList);
  // Counts down with each tick.
  useStore(shown);
  const [problem, setProblem] = useState("");
  const waiting = list?.limits.filter(({ confirmByMs }) => confirmByMs !== null) ?? [];
  if (list === undefined || waiting.length === 0) return null;
  return (
    <div role="alert">
      {waiting.map(({ rule, confirmByMs }) => {
        const leftMs = (confirmByMs ?? 0) - Date.now();
        return (
          <p className="banner" key={rule.id}>
            <span>
              The limit of <b>{targetText(rule.target)}</b> touches the connection that it was made
              over. It is taken back in {Math.max(0, Math.ceil(leftMs / 1000))} s. {problem}
            </span>
            <button
              type="button"
              onClick={() => {
                client
                  .confirmLimit(rule.id)
                  .catch((error: unknown) =>
                    setProblem(error instanceof Error ? error.message : ""),
                  )
                  .finally(() => void refreshLimits());
              }}
            >
              Keep it
            </button>
          </p>
        );
      })}
    </div>
  );
}
