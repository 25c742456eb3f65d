/** The daemon's threads, and the times of which nothing is known. */

import { formatDuration } from "../../../model/format.ts";
import type { ThreadStatus } from "../../../model/monitauri.ts";
import type { Gap } from "../../../model/sample.ts";
import { momentText } from "../../look/quantity.ts";

export function Threads({ threads }: { readonly threads: readonly ThreadStatus[] }) {
  return (
    <section className="card" aria-labelledby="threads-title">
      <h2 id="threads-title">Threads</h2>
      <ul className="plain">
        {threads.map(({ name, state, restarts, lastError }) => (
          <li key={name}>
            <span className={`state ${state === "running" ? "ok" : "missing"}`}>{state}</span>
            <div>
              <b>{name}</b>
              <p>
                {restarts === 0 ? "never restarted" : `restarted ${restarts} times`}
                {lastError === undefined || lastError === null ? "" : `, last: ${lastError}`}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

const REASONS: Readonly<Record<Gap["reason"], string>> = {
  suspended: "the computer slept",
  "clock-changed": "the clock was set",
  "sampler-restarted": "counting was restarted",
  late: "a reading came late",
};

/** Newest first, as many as one reads. */
const SHOWN = 20;

export function Gaps({ gaps, nowMs }: { readonly gaps: readonly Gap[]; readonly nowMs: number }) {
  const rows = [...gaps].sort((a, b) => b.fromMs - a.fromMs).slice(0, SHOWN);
  return (
    <section className="card" aria-labelledby="gaps-title">
      <h2 id="gaps-title">Gaps</h2>
      {rows.length === 0 ? (
        <p className="quiet">None: every interval since the start was read.</p>
      ) : (
        <ul className="plain">
          {rows.map(({ fromMs, toMs, reason }) => (
            <li key={`${fromMs} ${reason}`}>
              <span className="when">{momentText(fromMs, nowMs)}</span>
              <div>
                <b>{REASONS[reason]}</b>
                <p>{formatDuration(toMs - fromMs)}</p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
