// The scorecards as Markdown: who was right how often, and every mark.
import { row } from "../results.ts";
import type { Cell } from "./matrix.ts";
import type { Mark } from "./score.ts";

export const MARKS = [
  "pass",
  "partial",
  "fail",
  "not applicable",
  "not measured",
  "not here",
] as const;
export type Part = "attribution" | "bytes";
export type Counts = Record<Mark, number>;

/** For each monitor, in the order of the cells. */
export function counts(cells: readonly Cell[], part: Part): Map<string, Counts> {
  const all = new Map<string, Counts>();
  for (const { monitor, score } of cells) {
    const of = all.get(monitor) ?? none();
    of[score[part]]++;
    all.set(monitor, of);
  }
  return all;
}

/** Both scorecards, every mark, and the numbers of what did not pass. */
export function scorecards(
  cells: readonly Cell[],
  versions: Readonly<Record<string, string>>,
): string {
  return [
    card(cells, "attribution", "Attribution: all bytes on the process that moved them", versions),
    card(cells, "bytes", "Bytes: within 1 % of what was on the wire (partial: 10 %)", versions),
    marks(cells),
    notPassed(cells),
  ].join("\n\n");
}

function card(
  cells: readonly Cell[],
  part: Part,
  title: string,
  versions: Readonly<Record<string, string>>,
): string {
  const lines = [...counts(cells, part)].map(([monitor, of]) =>
    row(`${monitor} ${versions[monitor] ?? ""}`.trim(), ...MARKS.map((mark) => of[mark])),
  );
  return [`**${title}**`, "", ...table(["monitor", ...MARKS], lines)].join("\n");
}

function marks(cells: readonly Cell[]): string {
  const monitors = [...new Set(cells.map(({ monitor }) => monitor))];
  const scenarios = [...new Map(cells.map(({ scenario, title }) => [scenario, title]))];
  const lines = scenarios.map(([id, title]) => {
    const of = monitors.map((monitor) => {
      const cell = cells.find((one) => one.scenario === id && one.monitor === monitor);
      return cell === undefined ? "" : `${SIGN[cell.score.attribution]} ${SIGN[cell.score.bytes]}`;
    });
    return row(id, title, ...of);
  });
  const legend =
    "Each cell: attribution, bytes. ✓ pass, ~ partial, ✗ fail, · not applicable, ? not measured, – not on this kernel.";
  return [legend, "", ...table(["", "scenario", ...monitors], lines)].join("\n");
}

const SIGN: Record<Mark, string> = {
  pass: "✓",
  partial: "~",
  fail: "✗",
  "not applicable": "·",
  "not measured": "?",
  "not here": "–",
};

function notPassed(cells: readonly Cell[]): string {
  const lines = cells
    .filter(({ score }) => score.why !== "")
    .map(({ scenario, monitor, score }) =>
      row(scenario, monitor, score.attribution, score.bytes, score.why.replaceAll("|", "/")),
    );
  if (lines.length === 0) return "Nothing did not pass.";
  return [
    "What did not pass:",
    "",
    ...table(["", "monitor", "attribution", "bytes", "why"], lines),
  ].join("\n");
}

function table(head: readonly string[], lines: readonly string[]): string[] {
  return [row(...head), row(...head.map(() => "---")), ...lines];
}

function none(): Counts {
  return {
    pass: 0,
    partial: 0,
    fail: 0,
    "not applicable": 0,
    "not measured": 0,
    "not here": 0,
  };
}
