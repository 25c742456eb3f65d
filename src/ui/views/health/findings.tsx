/** What this machine can do for Monitauri, and how to get what is missing. */

import type { Diagnosis, Finding } from "../../../model/monitauri.ts";

const STATES = { ok: "ok", limited: "limited", missing: "missing" } as const;

export function Findings({ diagnosis }: { readonly diagnosis: Diagnosis }) {
  const missing = diagnosis.missing.map(
    ({ feature, reason, remedy }): Finding => ({
      feature,
      state: "missing",
      detail: reason,
      remedy,
    }),
  );
  const known = new Set(diagnosis.findings.map(({ feature }) => feature));
  const all = [...missing.filter(({ feature }) => !known.has(feature)), ...diagnosis.findings];
  const rows = all.sort((a, b) => rank(a) - rank(b));
  return (
    <section className="card table" aria-labelledby="findings-title">
      <div className="card-head">
        <h2 id="findings-title">This machine</h2>
        <small>{rows.every(({ state }) => state === "ok") ? "nothing is missing" : ""}</small>
      </div>
      <ul className="findings">
        {rows.map((row) => (
          <li key={`${row.feature} ${row.detail}`}>
            <span className={`state ${row.state}`}>{STATES[row.state]}</span>
            <div>
              <b>{row.feature}</b>
              <p>
                <bdi>{row.detail}</bdi>
              </p>
              {row.remedy === undefined || row.remedy === null ? null : (
                <p className="remedy">
                  What to do: <bdi>{row.remedy}</bdi>
                </p>
              )}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function rank({ state }: Finding): number {
  return state === "missing" ? 0 : state === "limited" ? 1 : 2;
}
