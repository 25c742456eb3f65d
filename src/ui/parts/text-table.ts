/** A table as text (pure). */

export type TextTable = readonly (readonly (string | number)[])[];

/** A name may hold anything; a cell is one line. A leading sign would make a formula of it in a spreadsheet. */
export function asText(rows: TextTable): string {
  return rows
    .map((row) =>
      row
        .map((cell) => {
          const text = String(cell).replace(/[\t\r\n]+/g, " ");
          return typeof cell === "string" && /^[=+@-]/.test(text) ? `'${text}` : text;
        })
        .join("\t"),
    )
    .join("\n");
}
