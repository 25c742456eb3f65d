/** What is known of a program, as a list of terms. */

import type { ReactNode } from "react";
import { formatDuration } from "../../../model/format.ts";
import type { PsRow } from "../../../model/monitauri.ts";
import { momentText } from "../../look/quantity.ts";
import { REMAINDERS } from "../../store/rows.ts";

export interface FactsProps {
  readonly row: PsRow;
  readonly nowMs: number;
}

export function Facts({ row, nowMs }: FactsProps) {
  const { container, startedAtMs } = row;
  const facts: (readonly [term: string, value: ReactNode])[] = [];
  if (row.remainder !== null)
    facts.push(["What it is", REMAINDERS[row.remainder] ?? row.remainder]);
  if (row.path !== null) facts.push(["Executable", <Path key="path" text={row.path} />]);
  if (row.arguments.length > 0) {
    facts.push(["Arguments", <Path key="arguments" text={row.arguments.map(quoted).join(" ")} />]);
  }
  if (row.user !== null) facts.push(["User", <bdi key="user">{row.user}</bdi>]);
  if (container !== null) {
    const said = [container.engine, container.name, container.image, container.id];
    facts.push(["Container", <bdi key="container">{said.filter(Boolean).join(" · ")}</bdi>]);
  }
  if (row.unit !== null) facts.push(["Unit", <bdi key="unit">{row.unit}</bdi>]);
  if (row.carries !== null) {
    facts.push([
      "Carries",
      `the tunnel ${row.carries}: its outer packets are left out of the totals`,
    ]);
  }
  if (startedAtMs !== null) {
    const ago = formatDuration(Math.max(0, nowMs - startedAtMs));
    facts.push(["Running since", `${momentText(startedAtMs, nowMs)}, ${ago}`]);
  }
  if (!row.running && row.remainder === null) {
    facts.push(["Last active", momentText(row.lastActiveAtMs, nowMs)]);
  }
  return (
    <dl className="facts">
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Path({ text }: { readonly text: string }) {
  return (
    <code>
      <bdi>{text}</bdi>
    </code>
  );
}

/** Which blanks belong to an argument must be seen. */
function quoted(argument: string): string {
  return argument === "" || /\s/.test(argument) ? `"${argument}"` : argument;
}
