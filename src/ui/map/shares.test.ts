import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { isCountry, STEPS, stepsOf } from "./shares.ts";

const file = readFileSync(new URL("./world.json", import.meta.url));
const world = JSON.parse(file.toString()) as {
  shapes: Record<string, string>;
  dots: Record<string, [number, number]>;
};

test("stepsOf() gives more where the share is larger, and nothing to who has nothing", () => {
  const steps = stepsOf(
    [
      { code: "DE", bytes: 600 },
      { code: "US", bytes: 60 },
      { code: "FR", bytes: 1 },
      { code: "NO", bytes: 0 },
    ],
    1_000,
  );
  assert.deepEqual(
    [...steps],
    [
      ["DE", STEPS.length - 1],
      ["US", 2],
      ["FR", 0],
    ],
  );
  assert.equal(stepsOf([{ code: "DE", bytes: 5 }], 0).get("DE"), STEPS.length - 1);
});

test("isCountry() tells countries from networks that are in none", () => {
  assert.deepEqual(["DE", ":private", "de", "remainder:kernel"].map(isCountry), [
    true,
    false,
    false,
    false,
  ]);
});

test("the map has a place for every country that addresses are in, and is small", () => {
  const known = new Set([...Object.keys(world.shapes), ...Object.keys(world.dots)]);
  const networks = readFileSync(new URL("../../../data/networks.bin", import.meta.url));
  const header = networks.toString("utf8", 12, 12 + networks.readUInt32LE(8));
  const { countries } = JSON.parse(header) as { countries: string[] };
  // Antarctica, and islands that nobody lives on.
  const absent = countries.filter((code) => !known.has(code)).sort();
  assert.deepEqual(absent, ABSENT);
  assert.ok(gzipSync(file, { level: 9 }).length < 20_000);
});

test("outlines and dots lie on the map", () => {
  for (const [code, path] of Object.entries(world.shapes))
    assert.match(path, /^(M\d+ \d+l-?\d+(?:[ -]\d+)+z)+$/, code);
  for (const [code, [x, y]] of Object.entries(world.dots))
    assert.ok(x >= 0 && x <= 1000 && y >= 0 && y <= 450, code);
});

const ABSENT: readonly string[] = ["AQ", "BV", "UM"];
