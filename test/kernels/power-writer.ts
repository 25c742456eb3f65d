// Runs in the guest whose power fails: says what the last run left, then writes a tick after the other and says each that
// is on the disk, until there is no more power. With a third argument it stops after as many.
import { writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { openHistoryStore } from "../../src/store/open.ts";
import { chanceOf, detailOf, tickOf } from "../../src/store/scripted-ticks.ts";

/** Others may run in between, and there is more to interrupt than one endless write. */
const PAUSE_MS = 5;

const [path = "", start = "0", until = ""] = process.argv.slice(2);
const startMs = Number(start);
const chance = chanceOf(startMs / 1_000);
const store = openHistoryStore({ path, version: "guest", now: () => startMs, zone: "UTC" });
const { warnings } = store.trouble();
// A marker a tick says how many there are.
const marks = store.query({
  fromMs: 0,
  toMs: startMs,
  filter: { remote: [detailOf().remote] },
}).total;
const machine = store.query({ fromMs: 0, toMs: startMs }).total;
const reader = new DatabaseSync(path, { readOnly: true });
const integrity = String(reader.prepare("PRAGMA integrity_check").get()?.integrity_check);
reader.close();
say(
  `found ${JSON.stringify({ warnings, integrity, ticks: marks.connectionsOpened ?? 0, bytes: machine.rxBytes })}`,
);
for (let n = 1; until === "" || n <= Number(until); n += 1) {
  say(`begin ${n}`);
  const others = Array.from({ length: 40 }, () =>
    detailOf({
      application: `path:/app-${Math.floor(chance() * 12)}`,
      remote: `host-${Math.floor(chance() * 2_000)}`,
      rxBytes: Math.floor(chance() * 1e6),
    }),
  );
  const marker = detailOf({ rxBytes: 1, connectionsOpened: 1 });
  store.append(tickOf(startMs + n * 1_000, [marker, ...others]));
  const { fault } = store.trouble();
  if (fault !== undefined) throw new Error(fault);
  say(`done ${n}`);
  await sleep(PAUSE_MS);
}
store.close();

/** Synchronous: a line that was seen is true. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
