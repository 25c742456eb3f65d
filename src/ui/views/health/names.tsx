/** Where names and countries come from, how old that is, and what has none. */

import { formatDuration } from "../../../model/format.ts";
import type { Diagnosis, Status } from "../../../model/monitauri.ts";
import { CreditLink } from "../../parts/credits.tsx";

export interface NamesProps {
  readonly credits: Diagnosis["credits"];
  readonly status: Status | undefined;
}

export function Names({ credits, status }: NamesProps) {
  const lost = status?.collector?.lostObservations ?? 0;
  const lostNames = status?.collector?.lostNames ?? 0;
  return (
    <section className="card" aria-labelledby="names-title">
      <h2 id="names-title">Names and places</h2>
      <ul className="plain">
        <li>
          <span className={lost === 0 ? "state ok" : "state limited"}>
            {lost === 0 ? "ok" : "limited"}
          </span>
          <div>
            <b>Names and protocols</b>
            <p>
              read from first packets and DNS answers of this computer; nobody is asked.{" "}
              {lost === 0
                ? "No first packet was missed."
                : `${lost.toLocaleString("en-US")} first packets were missed: of those connections the protocol is a guess, and ${lostNames.toLocaleString("en-US")} may have no name.`}
            </p>
          </div>
        </li>
        {credits.length === 0 ? (
          <li>
            <span className="state missing">missing</span>
            <div>
              <b>Countries and organisations</b>
              <p>their data is not installed</p>
            </div>
          </li>
        ) : null}
        {credits.map((one) => (
          <li key={`${one.gives} ${one.package}`}>
            <span className="state ok">ok</span>
            <div>
              <b>{GIVES[one.gives] ?? one.gives}</b>
              <p>
                <CreditLink credit={one} /> · licence {one.licence} · {one.package},{" "}
                {ageText(one.collectedAtMs, status?.atMs)}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

const GIVES: Readonly<Record<string, string>> = { country: "Countries", asn: "Organisations" };

function ageText(collectedAtMs: number, nowMs: number | undefined): string {
  const day = new Date(collectedAtMs).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
  });
  if (nowMs === undefined || nowMs < collectedAtMs) return `of ${day}`;
  return `of ${day}, ${formatDuration(nowMs - collectedAtMs)} old`;
}
