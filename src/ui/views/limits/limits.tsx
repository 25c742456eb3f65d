/** Limits and quotas: what was wished, and what is really held. */

import { useState } from "react";
import type { LimitList } from "../../../model/limit.ts";
import { Header } from "../../parts/header.tsx";
import { editing, refreshLimits, useLimits } from "../../store/limits.ts";
import { client } from "../../store/live.ts";
import { LimitTable } from "./limit-table.tsx";
import { QuotaTable } from "./quota-table.tsx";

const EVERY_MS = 900;

export function Limits() {
  const list = useLimits(EVERY_MS);
  const [problem, setProblem] = useState("");
  const act = (work: () => Promise<unknown>) => {
    setProblem("");
    work()
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
      .finally(() => void refreshLimits());
  };
  return (
    <>
      <Header title="Limits" windowTitle="Limits">
        <button type="button" className="primary" onClick={() => openNew("limit")}>
          New limit
        </button>
        <button type="button" onClick={() => openNew("quota")}>
          New quota
        </button>
      </Header>
      {problem === "" ? null : (
        <p className="banner wrong" role="alert">
          <span>{problem}</span>
        </p>
      )}
      {list === undefined ? (
        <p className="card quiet">Asking the daemon …</p>
      ) : (
        <>
          <Warnings list={list} />
          <section className="card table" aria-labelledby="limits-title">
            <div className="card-head">
              <h2 id="limits-title">Limits</h2>
              <small>{list.limits.length === 0 ? "" : "target against what is held now"}</small>
            </div>
            {list.limits.length === 0 ? <NoLimits /> : <LimitTable list={list} act={act} />}
          </section>
          <section className="card table" aria-labelledby="quotas-title">
            <div className="card-head">
              <h2 id="quotas-title">Quotas</h2>
            </div>
            {list.quotas.length === 0 ? (
              <p className="quiet">
                No quota is set. One counts the bytes of a program or of this machine in a day,
                week, month or billing cycle, and tells, throttles or blocks when they are used.
              </p>
            ) : (
              <QuotaTable quotas={list.quotas} act={act} />
            )}
          </section>
          <Notes notes={list.capabilities.notes} />
          {list.limits.length < 2 ? null : (
            <p className="below">
              <button
                type="button"
                className="ghost"
                onClick={() => clearAll(act, list.limits.length)}
              >
                Remove all limits
              </button>
            </p>
          )}
        </>
      )}
    </>
  );
}

function openNew(kind: "limit" | "quota"): void {
  editing.set(
    kind === "limit" ? { kind, state: undefined, target: undefined } : { kind, quota: undefined },
  );
}

function clearAll(act: (work: () => Promise<unknown>) => void, count: number): void {
  if (confirm(`Remove all ${count} limits? Everything passes as before.`)) {
    act(() => client.clearLimits());
  }
}

function NoLimits() {
  return (
    <div className="start">
      <p>Nothing is limited.</p>
      <p className="next">
        Cap a program from its row in Applications, or press <kbd>l</kbd> there. Everything is given
        back when a limit is removed, and when Monitauri stops.
      </p>
    </div>
  );
}

/** What is so on this machine whatever the rules are. */
function Notes({ notes }: { readonly notes: readonly string[] }) {
  if (notes.length === 0) return null;
  return (
    <details className="card limit-notes">
      <summary>What limits reach on this machine</summary>
      <ul>
        {notes.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </details>
  );
}

function Warnings({ list }: { readonly list: LimitList }) {
  const { missing } = list.capabilities;
  return (
    <>
      {missing === null ? null : (
        <p className="banner" role="status">
          <span>
            <b>Nothing can be limited here:</b> {missing.reason}. What to do: {missing.remedy}.
          </span>
        </p>
      )}
      {list.warnings.map((text) => (
        <p className="banner" key={text}>
          <span>{text}</span>
        </p>
      ))}
    </>
  );
}
