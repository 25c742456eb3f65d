/** Which time and what of it is shown, and the ways back. */

import type { Period } from "../../../model/history.ts";
import { Mark } from "../../parts/mark.tsx";
import { Link } from "../../router/router.tsx";
import { applicationPath, hostPath, remotePath } from "../../router/routes.ts";
import { PERIOD_TITLES, periodText } from "./periods.ts";
import { backTo, type Question, questionPath, type Step } from "./question.ts";
import type { Names } from "./use-names.ts";
import type { Zone } from "./zone.ts";

export interface TrailProps {
  readonly question: Question;
  readonly period: Period;
  readonly zone: Zone;
  readonly nowMs: number;
  readonly names: Names;
}

export function Trail({ question, period, zone, nowMs, names }: TrailProps) {
  const { zooms, steps } = question;
  const when = (one: Period) => periodText(one, { zone, nowMs });
  const last = steps.at(-1);
  return (
    <nav className="history-trail" aria-label="What is shown">
      <ol>
        {zooms.map((_, count) => (
          <li key={count}>
            <Link href={questionPath({ ...question, zooms: zooms.slice(0, count) })}>
              {count === 0 ? baseText(question, when) : when(zooms[count - 1] ?? period)}
            </Link>
          </li>
        ))}
        <li aria-current="step">
          <b>{when(period)}</b>
        </li>
      </ol>
      {zooms.length === 0 ? null : (
        <Link
          className="chip"
          href={questionPath({ ...question, zooms: zooms.slice(0, -1) })}
          title="Backspace in the chart"
        >
          Step back
        </Link>
      )}
      {steps.length === 0 ? null : (
        <ol className="steps">
          <li>
            <Link href={questionPath(backTo(question, 0))}>All traffic</Link>
          </li>
          {steps.map((step, at) => (
            <li key={`${step.by} ${step.key}`}>
              <Chosen question={question} at={at} step={step} name={names.of(step)} />
            </li>
          ))}
        </ol>
      )}
      {last === undefined ? null : <Live step={last} />}
    </nav>
  );
}

function baseText({ period }: Question, when: (period: Period) => string): string {
  return typeof period === "string" ? PERIOD_TITLES[period] : when(period);
}

interface ChosenProps {
  readonly question: Question;
  readonly at: number;
  readonly step: Step;
  readonly name: string;
}

function Chosen({ question, at, step, name }: ChosenProps) {
  const isLast = at === question.steps.length - 1;
  const others = question.steps.filter((one) => one !== step);
  return (
    <span className="chip">
      {step.by === "application" ? <Mark appKey={step.key} name={name} /> : null}
      {isLast ? (
        <b title={name}>
          <bdi>{name}</bdi>
        </b>
      ) : (
        <Link href={questionPath(backTo(question, at + 1))} title={name}>
          <bdi>{name}</bdi>
        </Link>
      )}
      <Link
        className="off"
        aria-label={`Without ${name}`}
        href={questionPath({ ...question, steps: others })}
      >
        ×
      </Link>
    </span>
  );
}

/** The same now. */
function Live({ step: { by, key } }: { readonly step: Step }) {
  const href =
    by === "application"
      ? applicationPath(key)
      : by === "remote" && key !== ""
        ? remoteHref(key)
        : undefined;
  if (href === undefined) return null;
  return (
    <Link className="underlined live" href={href}>
      What it does now
    </Link>
  );
}

function remoteHref(key: string): string {
  return /^[\d.]+$|:/.test(key) ? remotePath(key) : hostPath(key);
}
