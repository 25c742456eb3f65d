// Times between a question and its answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { roundTrip } from "./round-trip.ts";

test("roundTrip() tells fast ones apart", () => {
  const texts = [undefined, 0.04, 0.3, 9.94, 9.96, 250, 1500].map(roundTrip);
  assert.deepEqual(texts, ["-", "0.0 ms", "0.3 ms", "9.9 ms", "10 ms", "250 ms", "1.5 s"]);
});
