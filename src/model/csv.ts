/** Rows as CSV (RFC 4180) that a spreadsheet opens without running anything. */

/** Excel, LibreOffice and Google Sheets take a cell that begins like this for a formula, also a quoted one. */
const FORMULA = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

export type CsvValue = string | number;

/** Without the line's end. */
export function csvRow(values: readonly CsvValue[]): string {
  return values.map(csvValue).join(",");
}

/** With the line's end. */
export function csvLine(values: readonly CsvValue[]): string {
  return `${csvRow(values)}\r\n`;
}

// An apostrophe first, as OWASP advises ("CSV Injection"): the spreadsheet then shows the text as it is.
function csvValue(value: CsvValue): string {
  if (typeof value === "number") return String(value);
  const isFormula = FORMULA.test(value);
  const text = isFormula ? `'${value}` : value;
  return isFormula || NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
