/** What an alert's mail says: subject, plain text and HTML. Names come from hostile processes: everything is escaped. */

import type { AlertMessage } from "../../model/alert.ts";
import { printable } from "../../model/printable.ts";
import { formatBitRate } from "../../model/rate.ts";
import { chartHtml, chartText, RX_COLOUR, TX_COLOUR } from "./mail-chart.ts";

const MAX_SUBJECT = 180;
const MAX_TEXT = 4_000;

export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** `host`: name of this computer. */
export function mailText(message: AlertMessage, host: string): MailText {
  const computer = printable(host, 64);
  return {
    subject: printable(`[${computer}] ${message.title}`, MAX_SUBJECT),
    text: plainText(message, computer),
    html: htmlText(message, computer),
  };
}

/** Local time with its zone: "2026-11-25 22:10:03 GMT+1". */
export function momentText(atMs: number): string {
  const at = new Date(atMs);
  const zone = at.toLocaleTimeString("en-GB", { timeZoneName: "short" }).split(" ").slice(1);
  return [at.toLocaleString("sv-SE"), ...zone].join(" ");
}

/** Safe between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function plainText(message: AlertMessage, host: string): string {
  const { causes, digest, count } = message;
  const chart = chartText(message.series);
  const blocks = [
    printable(message.title, MAX_SUBJECT),
    bodyLines(message).join("\n"),
    ...(chart === "" ? [] : [chart]),
    ...(causes.length === 0 ? [] : [["Busiest then:", ...causes.map(causeLine)].join("\n")]),
    ...(digest.length === 0
      ? []
      : [digest.map(({ atMs, title }) => `${momentText(atMs)}  ${oneLine(title)}`).join("\n")]),
    ...(count > digest.length && digest.length > 0 ? [`and ${count - digest.length} more`] : []),
    factLines(message, host)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n"),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function htmlText(message: AlertMessage, host: string): string {
  const { causes, digest, count } = message;
  const paragraphs = bodyLines(message).map((line) => `<p ${P}>${escapeHtml(line)}</p>`);
  const more = digest.length > 0 ? count - digest.length : 0;
  return [
    '<!doctype html><html><head><meta charset="utf-8">',
    '<meta name="color-scheme" content="light dark"></head>',
    '<body style="margin:0;padding:16px;font-family:system-ui,Segoe UI,Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.45">',
    `<p style="margin:0 0 4px;font-size:12px;color:${SEVERITY_COLOUR[message.severity]}"><b>${message.severity.toUpperCase()}</b></p>`,
    `<h1 style="margin:0 0 12px;font-size:19px">${escapeHtml(printable(message.title, MAX_SUBJECT))}</h1>`,
    ...paragraphs,
    chartHtml(message.series),
    causes.length === 0 ? "" : causesHtml(message),
    digest.length === 0 ? "" : digestHtml(message),
    more > 0 ? `<p ${P}>and ${more} more</p>` : "",
    `<p style="margin:16px 0 0;font-size:12px;color:#777777">`,
    factLines(message, host)
      .map(([name, value]) => `${escapeHtml(name)}: ${escapeHtml(value)}`)
      .join("<br>"),
    "</p></body></html>",
  ].join("");
}

const P = 'style="margin:0 0 12px"';
const CELL = 'style="padding:2px 16px 2px 0" align="left" valign="top"';
const SEVERITY_COLOUR = { info: "#2a6fdb", warning: "#7a5600", critical: "#c23434" } as const;

function bodyLines({ text }: AlertMessage): string[] {
  return text
    .slice(0, MAX_TEXT)
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => printable(line, MAX_TEXT));
}

function causesHtml({ causes }: AlertMessage): string {
  const rows = causes.map(
    ({ name, rxBytesPerSecond, txBytesPerSecond }) =>
      `<tr><td ${CELL}>${escapeHtml(oneLine(name))}</td>` +
      `<td ${CELL}><span style="color:${RX_COLOUR}">&#8595;</span> ${formatBitRate(rxBytesPerSecond)}</td>` +
      `<td ${CELL}><span style="color:${TX_COLOUR}">&#8593;</span> ${formatBitRate(txBytesPerSecond)}</td></tr>`,
  );
  return `<p style="margin:0 0 4px"><b>Busiest then</b></p>${table(rows)}`;
}

function digestHtml({ digest }: AlertMessage): string {
  return table(
    digest.map(
      ({ atMs, title, severity }) =>
        `<tr><td ${CELL}>${escapeHtml(momentText(atMs))}</td>` +
        `<td ${CELL}><span style="color:${SEVERITY_COLOUR[severity]}">&#9632;</span> ${escapeHtml(oneLine(title))}</td></tr>`,
    ),
  );
}

function table(rows: readonly string[]): string {
  return `<table cellpadding="0" cellspacing="0" border="0" style="margin:0 0 12px;font-size:14px">${rows.join("")}</table>`;
}

function causeLine({ name, rxBytesPerSecond, txBytesPerSecond }: AlertMessage["causes"][number]) {
  return `  ${oneLine(name)}: ${formatBitRate(rxBytesPerSecond)} down, ${formatBitRate(txBytesPerSecond)} up`;
}

function factLines(message: AlertMessage, host: string): [name: string, value: string][] {
  return [
    ["Computer", host],
    ["When", momentText(message.atMs)],
    ["Rule", oneLine(message.ruleName)],
    ["Alert", message.id],
  ];
}

function oneLine(text: string): string {
  return printable(text, 200);
}
