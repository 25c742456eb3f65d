// Writes history as fast as it can and says what is written, until it is killed: the victim of history-kill.ts.
import { writeSync } from "node:fs";
import { openHistoryStore } from "../src/store/open.ts";
import { chanceOf, detailOf, tickOf } from "../src/store/scripted-ticks.ts";

const [path = "", start = "0"] = process.argv.slice(2);
const startMs = Number(start);
const chance = chanceOf(startMs / 1_000);
const store = openHistoryStore({
  path,
  version: "victim",
  now: () => startMs,
  zone: "Europe/Berlin",
});
for (let n = 1; ; n += 1) {
  // Synchronous, so that a line that was seen is true.
  writeSync(1, `begin ${n}\n`);
  const others = Array.from({ length: 60 }, () =>
    detailOf({
      application: `path:/app-${Math.floor(chance() * 12)}`,
      remote: `host-${Math.floor(chance() * 5_000)}`,
      rxBytes: Math.floor(chance() * 1e6),
    }),
  );
  const marker = detailOf({ rxBytes: 1, connectionsOpened: 1 });
  store.append(tickOf(startMs + n * 1_000, [marker, ...others]));
  const { fault } = store.trouble();
  if (fault !== undefined) throw new Error(fault);
  writeSync(1, `done ${n}\n`);
}
