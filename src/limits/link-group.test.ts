/** Groups of programs, with links that only note what happens to them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createLinkGroup } from "./link-group.ts";

test("attach() undoes what it did when a later program fails, and does all of it the next time", () => {
  const events: string[] = [];
  let fails = true;
  const link = (name: string) => () => {
    events.push(`attach ${name}`);
    return { close: () => void events.push(`close ${name}`) };
  };
  const group = createLinkGroup(() => [
    link("one"),
    link("two"),
    () => {
      if (fails) throw new Error("refused");
      return undefined;
    },
  ]);
  assert.throws(() => group.attach(), /refused/);
  const undone = ["attach one", "attach two", "close two", "close one"];
  assert.deepEqual(events.splice(0), undone);
  fails = false;
  group.attach();
  group.attach();
  assert.deepEqual(events.splice(0), ["attach one", "attach two"], "once");
  group.detach();
  group.detach();
  assert.deepEqual(events, ["close two", "close one"]);
});
