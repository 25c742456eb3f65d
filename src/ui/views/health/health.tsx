/** How far the numbers can be trusted, what is missing and how to get it, and what the daemon itself costs. */

import { Header } from "../../parts/header.tsx";
import { useTrust } from "../../parts/use-trust.ts";
import { client } from "../../store/live.ts";
import { usePoll } from "../../store/poll.ts";
import { useStatus } from "../../store/status.ts";
import { AlertHealth } from "./alerts.tsx";
import { Bounds } from "./bounds.tsx";
import { Coverage } from "./coverage.tsx";
import { Findings } from "./findings.tsx";
import { Names } from "./names.tsx";
import { OwnFigures } from "./own-figures.tsx";
import { Gaps, Threads } from "./threads.tsx";

const DOCTOR_MS = 5_000;

export function Health() {
  const { data: status, error } = useStatus();
  const diagnosis = usePoll("doctor", DOCTOR_MS, () => client.doctor()).data;
  const trust = useTrust(status);
  return (
    <>
      <Header title="Health" windowTitle="Health" />
      <section className={trust.isFull ? "card verdict" : "card verdict less"}>
        <i className={trust.isFull ? "lamp" : "lamp less"} aria-hidden="true" />
        <div>
          <h2>
            {trust.isFull
              ? `${trust.counting}, all is well`
              : `${trust.counting}, less than it could be`}
          </h2>
          <p>{trust.isFull ? trust.detail : trust.reasons.join("; ")}.</p>
        </div>
      </section>
      {status === undefined ? (
        <p className="card quiet">{error ?? "Asking the daemon …"}</p>
      ) : (
        <>
          <OwnFigures status={status} />
          <Coverage interfaces={status.interfaces} />
          <AlertHealth alerts={status.alerts} nowMs={status.atMs} />
        </>
      )}
      {diagnosis === undefined ? null : (
        <>
          <Findings diagnosis={diagnosis} />
          <Names credits={diagnosis.credits} status={status} />
          <Bounds bounds={diagnosis.bounds} />
        </>
      )}
      {status === undefined ? null : (
        <div className="halves">
          <Threads threads={status.threads} />
          <Gaps gaps={status.gaps} nowMs={status.atMs} />
        </div>
      )}
    </>
  );
}
