// Plots of the scorecards as plain SVG, one bar for each monitor. The colour of the text is the reader's.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cell } from "./accuracy/matrix.ts";
import type { Mark } from "./accuracy/score.ts";
import { type Counts, counts, type Part } from "./accuracy/scorecard.ts";

/** Not told by colour alone: each part of a bar has its number in it, and its pattern of opacity. */
const SHADES: readonly { mark: Mark; label: string; fill: string }[] = [
  { mark: "pass", label: "pass", fill: "#2f9e5f" },
  { mark: "partial", label: "partial", fill: "#d99a1b" },
  { mark: "fail", label: "fail", fill: "#cf4a4a" },
  { mark: "not applicable", label: "not applicable", fill: "#8a8f98" },
  { mark: "not measured", label: "not measured", fill: "#8a8f98" },
];
const TITLES: Record<Part, string> = {
  attribution: "Scenarios with every byte on the right process",
  bytes: "Scenarios with bytes within 1 % of the wire",
};
const WIDTH = 720;
const LEFT = 110;
const BAR = 26;
const STEP = 38;
const TOP = 72;
/** Narrower parts have no room for their number. */
const ROOM_FOR_NUMBER = 18;

/** Writes accuracy-attribution.svg and accuracy-bytes.svg. */
export function writePlots(folder: string, cells: readonly Cell[]): void {
  mkdirSync(folder, { recursive: true });
  for (const part of ["attribution", "bytes"] as const) {
    writeFileSync(join(folder, `accuracy-${part}.svg`), plot(counts(cells, part), TITLES[part]));
  }
}

/** Bars of marks; monitors in the order given. */
export function plot(monitors: ReadonlyMap<string, Counts>, title: string): string {
  const height = TOP + monitors.size * STEP + 8;
  const bars = [...monitors].map(([name, of], i) => bar(name, of, TOP + i * STEP));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`,
    '  role="img" font-family="system-ui, sans-serif" font-size="13" fill="currentColor">',
    `<title>${escaped(title)}</title>`,
    // An image has no text colour of its own to take: it follows the scheme that the reader prefers.
    "<style>svg { color: #1f2328 } @media (prefers-color-scheme: dark) { svg { color: #e6edf3 } }</style>",
    `<text x="0" y="20" font-size="16" font-weight="600">${escaped(title)}</text>`,
    legend(),
    ...bars,
    "</svg>",
    "",
  ].join("\n");
}

function legend(): string {
  let x = LEFT;
  return SHADES.map(({ label, fill }) => {
    const at = x;
    x += 34 + label.length * 7;
    return `<rect x="${at}" y="38" width="12" height="12" fill="${fill}"/><text x="${at + 17}" y="49">${label}</text>`;
  }).join("\n");
}

function bar(name: string, of: Counts, y: number): string {
  const total = SHADES.reduce((sum, { mark }) => sum + of[mark], 0);
  const unit = total === 0 ? 0 : (WIDTH - LEFT) / total;
  let x = LEFT;
  const parts = SHADES.flatMap(({ mark, label, fill }) => {
    const count = of[mark];
    if (count === 0) return [];
    const width = count * unit;
    const at = x;
    x += width;
    const box = `<rect x="${round(at)}" y="${y}" width="${round(width)}" height="${BAR}" fill="${fill}"><title>${escaped(name)}: ${count} ${label}</title></rect>`;
    const number = `<text x="${round(at + width / 2)}" y="${y + 18}" text-anchor="middle" fill="#fff" font-weight="600">${count}</text>`;
    return width < ROOM_FOR_NUMBER ? [box] : [box, number];
  });
  return [`<text x="0" y="${y + 18}">${escaped(name)}</text>`, ...parts].join("\n");
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
