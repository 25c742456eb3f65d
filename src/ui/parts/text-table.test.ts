import assert from "node:assert/strict";
import { test } from "node:test";
import { asText } from "./text-table.ts";

test("asText() keeps a cell on its line and in its column", () => {
  assert.equal(
    asText([
      ["a\tb\nc", 1],
      ["d", 2],
    ]),
    "a b c\t1\nd\t2",
  );
});

test("asText() lets no name become a formula, and leaves numbers alone", () => {
  assert.equal(asText([['=HYPERLINK("x")', -5]]), `'=HYPERLINK("x")\t-5`);
});
