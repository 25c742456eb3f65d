/** What stands where there is nothing to show: why, and the one thing to do next. */

import type { ReactNode } from "react";
import type { HistoryState } from "../../../model/history.ts";
import { Link } from "../../router/router.tsx";
import type { EmptyReason } from "./empty-reason.ts";
import { type Question, questionPath } from "./question.ts";
import type { Answered } from "./use-answer.ts";
import type { Zone } from "./zone.ts";

export interface EmptyProps {
  readonly reason: EmptyReason;
  readonly question: Question;
  readonly state: HistoryState;
  readonly zone: Zone;
  readonly children: ReactNode;
}

export function Empty({ reason, question, state, zone, children }: EmptyProps) {
  return (
    <section className="card start" aria-label="Nothing to show">
      <p>{reason.what}</p>
      {reason.more === "" ? null : <p className="next">{reason.more}</p>}
      <p className="next">
        <Way way={reason.way} question={question} state={state} zone={zone} />
      </p>
      {children}
    </section>
  );
}

function Way({
  way,
  question,
  state,
  zone,
}: Omit<EmptyProps, "reason" | "children"> & Pick<EmptyReason, "way">) {
  switch (way) {
    case "first-day": {
      const { fromMs, toMs } = zone.dayOf(state.firstAtMs ?? 0);
      const href = questionPath({ ...question, period: { fromMs, toMs }, zooms: [] });
      return <WayLink href={href}>Show its first day</WayLink>;
    }
    case "no-filter":
      return (
        <WayLink href={questionPath({ ...question, steps: [], find: "" })}>
          Show all traffic
        </WayLink>
      );
    case "live":
      return <WayLink href="/">See what happens now</WayLink>;
    case undefined:
      return null;
  }
}

function WayLink({ href, children }: { readonly href: string; readonly children: string }) {
  return (
    <Link className="underlined" href={href}>
      {children}
    </Link>
  );
}

/** The daemon does not tell. */
export function Refused({ error }: { readonly error: NonNullable<Answered<unknown>["error"]> }) {
  const isOff = error.code === "unsupported";
  return (
    <section className="card start" role="alert">
      <p>{isOff ? "There is no history." : "The history does not answer."}</p>
      <p className="next">{error.message}</p>
    </section>
  );
}
