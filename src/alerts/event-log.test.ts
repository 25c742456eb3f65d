// The log of what fired: bounded, the unread and what goes on stay longest, pages, and all of it again after a restart.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  type AlertEvent,
  MAX_ALERT_EVENTS,
  MAX_EVENT_POINTS,
  MAX_LOG_PAGE,
} from "../model/alert.ts";
import { alertMessage } from "./deliver/scripted-message.ts";
import { openEventLog } from "./event-log.ts";
import { openJournal } from "./journal.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-event-log-"));
after(() => rmSync(folder, { recursive: true }));

function open(name: string) {
  const path = join(folder, name);
  const warnings: string[] = [];
  const journal = openJournal({ path, warn: (line) => warnings.push(line) });
  return { path, journal, log: openEventLog(journal), warnings };
}

function eventOf(number: number, more: Partial<AlertEvent> = {}): AlertEvent {
  const { inReplyTo: _, digest: __, count: ___, ...event } = alertMessage(`box-${number}`);
  return { ...event, state: "fired", acknowledgedAtMs: null, ruleId: `r${number % 2}`, ...more };
}

test("put() keeps MAX_ALERT_EVENTS: the oldest that were read go first, what goes on stays", async () => {
  const { journal, log } = open("bounded");
  const changes = new Map<string, unknown>();
  // Unread, going on, and read ones in turns.
  for (let number = 1; number <= MAX_ALERT_EVENTS; number += 1) {
    const kind = number % 4;
    const more = kind === 1 ? { state: "ongoing" as const } : {};
    log.put(eventOf(number, { ...more, acknowledgedAtMs: kind < 2 ? 1 : null }), changes);
  }
  await journal.commit(changes);
  const read = MAX_ALERT_EVENTS / 4;
  const { unread, ongoing, count } = log.page({ limit: 0 });
  assert.deepEqual([unread, ongoing, count], [2 * read, read, MAX_ALERT_EVENTS]);
  const more = new Map<string, unknown>();
  for (let number = 1; number <= read; number += 1) {
    log.put(eventOf(MAX_ALERT_EVENTS + number), more);
  }
  await journal.commit(more);
  assert.equal(log.size, MAX_ALERT_EVENTS);
  assert.deepEqual(
    [log.page({ limit: 0 }).unread, log.page({ limit: 0 }).ongoing],
    [3 * read, read],
    "all that were read are gone, and nothing else",
  );
  // Then the oldest of all.
  const last = new Map<string, unknown>();
  log.put(eventOf(9_000_000), last);
  await journal.commit(last);
  assert.deepEqual(
    [log.size, log.get("box-1"), log.get("box-2")?.id],
    [MAX_ALERT_EVENTS, undefined, "box-2"],
  );
  await journal.close();
  const again = open("bounded");
  assert.equal(again.log.size, MAX_ALERT_EVENTS);
  assert.equal(again.log.page({ limit: 1 }).events[0]?.id, "box-9000000");
  await again.journal.close();
});

test("the file of the largest log there can be stays within some megabytes, however often it turns over", async () => {
  const { path, journal, log, warnings } = open("large");
  const points = Array.from({ length: MAX_EVENT_POINTS }, (_, n) => 123_456_789 + n);
  const series = { atMs: points, rxBytesPerSecond: points, txBytesPerSecond: points };
  for (let turn = 0; turn < 3; turn += 1) {
    const changes = new Map<string, unknown>();
    for (let n = 1; n <= MAX_ALERT_EVENTS; n += 1) {
      log.put(eventOf(turn * MAX_ALERT_EVENTS + n, { series, acknowledgedAtMs: 1 }), changes);
    }
    await journal.commit(changes);
  }
  assert.equal(log.size, MAX_ALERT_EVENTS);
  const { size } = statSync(path);
  // Four times what lives is the most before it is written anew.
  assert.ok(size < 40_000_000, `${size} bytes`);
  await journal.close();
  assert.deepEqual(warnings, []);
});

test("page() goes back in time in bounded pages, of one rule or the unread alone", async () => {
  const { journal, log } = open("pages");
  const changes = new Map<string, unknown>();
  for (let number = 1; number <= 1_000; number += 1) log.put(eventOf(number), changes);
  await journal.commit(changes);
  assert.equal(log.page({ limit: 1_000_000 }).events.length, MAX_LOG_PAGE);
  const seen: string[] = [];
  for (let before: string | undefined; ; before = seen.at(-1)) {
    const { events } = log.page({ limit: 300, ...(before === undefined ? {} : { before }) });
    if (events.length === 0) break;
    seen.push(...events.map(({ id }) => id));
  }
  assert.deepEqual(
    [seen.length, new Set(seen).size, seen[0], seen.at(-1)],
    [1_000, 1_000, "box-1000", "box-1"],
  );
  const acknowledged = new Map<string, unknown>();
  assert.equal(
    log.acknowledge({ ids: ["box-1000", "box-999", "box-1000", "no-such"] }, 5, acknowledged),
    2,
  );
  await journal.commit(acknowledged);
  assert.equal(log.get("box-999")?.acknowledgedAtMs, 5);
  const { count, unread } = log.page({ limit: 0, unread: true });
  assert.deepEqual([count, unread], [998, 998]);
  const { events, count: ofRule } = log.page({ ruleId: "r1", unread: true, limit: 1 });
  assert.deepEqual([events[0]?.id, ofRule], ["box-997", 499]);
  for (const before of ["", "box", "box-0", "box-1e3", "../../etc/passwd"]) {
    assert.throws(() => log.page({ before }), { code: "invalid" }, before);
  }
  await journal.close();
});
