/** Rows and columns as text that fits the terminal. */

import { fit, pad, textWidth } from "./text-width.ts";

export interface Column<Row> {
  readonly title: string;
  readonly align: "left" | "right";
  readonly text: (row: Row) => string;
  /** Columns that may be cut, down to this width, where the table is too wide; others are left whole. */
  readonly shrinksTo?: number;
  /** Columns that may be left out where cutting is not enough, the largest number first; others always stay. */
  readonly leaves?: number;
}

const BETWEEN = "  ";

/** One line per row after the line of titles, without blanks at the end. */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number | undefined,
): string[] {
  const stay = fittingColumns(rows, columns, width);
  const cells = cellsOf(rows, stay);
  const widths = fitWidths(stay, naturalWidths(stay.length, cells), width);
  return cells.map((line) =>
    line
      .map((text, at) => {
        const columnWidth = widths[at] ?? 0;
        return pad(fit(text, columnWidth), columnWidth, stay[at]?.align ?? "left");
      })
      .join(BETWEEN)
      .trimEnd(),
  );
}

/** The columns that are shown at this width. */
function fittingColumns<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number | undefined,
): readonly Column<Row>[] {
  if (width === undefined) return columns;
  let stay = columns;
  for (;;) {
    const natural = naturalWidths(stay.length, cellsOf(rows, stay));
    const least = natural.map((own, at) => Math.min(own, stay[at]?.shrinksTo ?? own));
    const needed = least.reduce((sum, own) => sum + own, BETWEEN.length * (stay.length - 1));
    const last = Math.max(...stay.map(({ leaves = 0 }) => leaves));
    if (needed <= width || last <= 0) return stay;
    stay = stay.filter(({ leaves }) => leaves !== last);
  }
}

function cellsOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[][] {
  return [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ text }) => text(row))),
  ];
}

function naturalWidths(count: number, cells: readonly (readonly string[])[]): number[] {
  const widths = new Array<number>(count).fill(0);
  for (const line of cells) {
    for (const [at, text] of line.entries())
      widths[at] = Math.max(widths[at] ?? 0, textWidth(text));
  }
  return widths;
}

/** Takes what is too much from the widest of the columns that may shrink, one column of the terminal at a time. */
function fitWidths(
  columns: readonly Pick<Column<never>, "shrinksTo">[],
  natural: readonly number[],
  width: number | undefined,
): number[] {
  const widths = [...natural];
  if (width === undefined) return widths;
  const between = BETWEEN.length * (widths.length - 1);
  let excess = widths.reduce((sum, each) => sum + each, between) - width;
  while (excess > 0) {
    let widest = -1;
    for (const [at, { shrinksTo = Number.POSITIVE_INFINITY }] of columns.entries()) {
      const own = widths[at] ?? 0;
      if (own > shrinksTo && own > (widths[widest] ?? 0)) widest = at;
    }
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}
