import assert from "node:assert/strict";
import { test } from "node:test";
import { COLOURS, initialOf, pickColour } from "./colour.ts";

test("pickColour() is the same for the same key", () => {
  assert.equal(pickColour("path:/usr/bin/curl", []), pickColour("path:/usr/bin/curl", []));
});

test("pickColour() gives none twice before all are taken", () => {
  const uses = new Array<number>(COLOURS.length).fill(0);
  for (let at = 0; at < COLOURS.length; at += 1) {
    const colour = pickColour(`path:/opt/${at}`, uses);
    uses[colour] = (uses[colour] ?? 0) + 1;
  }
  assert.ok(uses.every((count) => count === 1));
});

test("COLOURS are legible under white letters, and neither blue nor orange", () => {
  for (const colour of COLOURS) {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) =>
      Number.parseInt(colour.slice(at, at + 2), 16),
    );
    const linear = [red, green, blue].map((value) => ((value / 255 + 0.055) / 1.055) ** 2.4);
    const luminance =
      0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
    assert.ok(1.05 / (luminance + 0.05) >= 4.5, `${colour}: ${1.05 / (luminance + 0.05)}`);
    const isBlue = blue > 170 && red < 90;
    const isOrange = red > 170 && green > 80 && blue < 70;
    assert.ok(!isBlue && !isOrange, colour);
  }
});

test("initialOf() takes the first letter or digit of any script", () => {
  assert.equal(initialOf("firefox"), "F");
  assert.equal(initialOf("<b>"), "B");
  assert.equal(initialOf("متصفح"), "م");
  assert.equal(initialOf("…"), "?");
});
