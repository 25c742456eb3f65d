// The plots are well-formed and say what was counted.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Cell } from "./accuracy/matrix.ts";
import type { Mark } from "./accuracy/score.ts";
import { counts } from "./accuracy/scorecard.ts";
import { plot, writePlots } from "./plot.ts";

const CELLS = [
  ...Array.from({ length: 20 }, () => cell("Monitauri", "pass", "pass")),
  cell("Monitauri", "partial", "fail"),
  ...Array.from({ length: 9 }, () => cell("<b>&amp;", "fail", "partial")),
];

describe("plot()", () => {
  const svg = plot(counts(CELLS, "attribution"), "a < b & c");

  test("shows the count of every mark", () => {
    assert.match(svg, /Monitauri: 20 pass/);
    assert.match(svg, /Monitauri: 1 partial/);
    assert.match(svg, /: 9 fail/);
  });

  test("escapes names and takes the reader's colour", () => {
    assert.ok(!svg.includes("<b>"));
    assert.ok(svg.includes("&lt;b&gt;&amp;amp;"));
    assert.match(svg, /fill="currentColor"/);
    assert.match(svg, /prefers-color-scheme: dark/);
  });

  test("stays inside its frame, bar after bar", () => {
    const boxes = [...svg.matchAll(/<rect x="([\d.]+)" y="(\d+)" width="([\d.]+)" height="26"/g)];
    assert.equal(boxes.length, 3);
    for (const [, x, , width] of boxes) assert.ok(Number(x) + Number(width) <= 720.1);
    const [first, second] = boxes.map(([, x, y, width]) => [x, y, width].map(Number));
    assert.equal((first?.[0] ?? 0) + (first?.[2] ?? 0), second?.[0]);
  });

  test("is well-formed XML", () => assertWellFormed(svg));
});

describe("writePlots()", () => {
  test("writes one file for each scorecard", () => {
    const folder = mkdtempSync(join(tmpdir(), "monitauri-plots-"));
    try {
      writePlots(folder, CELLS);
      for (const part of ["attribution", "bytes"]) {
        assertWellFormed(readFileSync(join(folder, `accuracy-${part}.svg`), "utf8"));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** By a parser that is no part of what wrote it; by counting tags where there is none. */
function assertWellFormed(svg: string): void {
  const parse = "import sys, xml.dom.minidom as m; m.parseString(sys.stdin.buffer.read())";
  const parsed = spawnSync("python3", ["-c", parse], { input: svg, encoding: "utf8" });
  if (parsed.error === undefined) assert.equal(parsed.status, 0, parsed.stderr);
  const open: string[] = [];
  for (const [, close, name = "", , self] of svg.matchAll(
    /<(\/?)([a-z]+)((?:[^<>"]|"[^"]*")*?)(\/?)>/g,
  )) {
    if (close) assert.equal(open.pop(), name);
    else if (!self) open.push(name);
  }
  assert.deepEqual(open, []);
}

function cell(monitor: string, attribution: Mark, bytes: Mark): Cell {
  const score = { attribution, bytes, sawBytes: 1, trueBytes: 1, why: "" };
  return { scenario: "s01", title: "a title", monitor, score, seconds: 1 };
}
