import assert from "node:assert/strict";
import { test } from "node:test";
import { hostTitle } from "./host-words.ts";

test("hostTitle() says where a name is from, which others could be meant, and that it may be a cover", () => {
  assert.equal(
    hostTitle({ name: "a.example", source: "tls", alternatives: [] }),
    "a.example\nread from the TLS hello",
  );
  const alternatives = Array.from({ length: 10 }, (_, at) => `n${at}.example`);
  const title = hostTitle({ name: "a.example", source: "dns", alternatives, mayBeCover: true });
  assert.match(title, /also: n0\.example, .*n7\.example, and 2 more/);
  assert.match(title, /probably/);
});
