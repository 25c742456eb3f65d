// Rules on a disk that refuses for a while: here its folder is not there.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openJournal } from "./journal.ts";
import { openRuleBook } from "./rule-book.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
after(() => rmSync(folder, { recursive: true }));

const DRAFT = {
  condition: { kind: "rate", comparison: "above", direction: "rx", bytesPerSecond: 1000, forMs: 0 },
};
const REFUSED = {
  code: "failed",
  message: /^Cannot write .*rules\.journal: .*The alert rules are as before$/,
};

test("openRuleBook() refuses whole what cannot be kept, also of several at once, and keeps the next", async () => {
  const place = join(folder, "data");
  const away = join(folder, "away");
  mkdirSync(place);
  const open = () => {
    const journal = openJournal({ path: join(place, "rules.journal"), warn() {} });
    return { journal, rules: openRuleBook(journal, () => {}) };
  };
  const { journal, rules } = open();
  const first = await rules.add(DRAFT, 1);
  const second = await rules.add(DRAFT, 2);
  const before = rules.list();
  renameSync(place, away);
  // The file itself is still open: one that is gone has to be made anew.
  rmSync(join(away, "rules.journal"));

  const changes = [
    rules.add(DRAFT, 3),
    rules.set(first.id, { enabled: false }),
    rules.set(first.id, { severity: "critical" }),
    rules.setAll([first.id, second.id], { snoozedUntilMs: 9 }),
    rules.remove(second.id),
  ];
  const revision = rules.revision;
  for (const change of changes) await assert.rejects(change, REFUSED);
  assert.deepEqual([rules.list(), rules.revision], [before, revision]);
  await assert.rejects(rules.setAll([first.id, "r9"], { enabled: false }), { code: "not-found" });

  renameSync(away, place);
  const third = await rules.add(DRAFT, 4);
  assert.equal(third.id, "r3");
  await journal.close();
  assert.ok(existsSync(join(place, "rules.journal")));
  const again = open();
  assert.deepEqual(again.rules.list(), [first, second, third]);
  await again.journal.close();
});
