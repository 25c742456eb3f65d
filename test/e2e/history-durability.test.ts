// The history on real trouble: killed while it writes, and a disk that is full for a while.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { killMany } from "../../bench/history-kill.ts";
import { MAX_WAITING_TICKS, openHistoryStore } from "../../src/store/open.ts";
import { detailOf, tickOf } from "../../src/store/scripted-ticks.ts";
import { fillDisk } from "../fixtures/ballast.ts";

const START = Date.parse("2026-11-08T12:00:00Z");
const DISK = "size=3m";
/** bench/history.ts kill 200 is the long version. */
const KILLS = 5;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-history-"));
});
after(() => rmSync(folder, { recursive: true }));

test("SIGKILL at random moments costs no tick that was written, and the file stays whole", async () => {
  const { failures, ticks, worstLostMs } = await killMany({ folder, times: KILLS });
  assert.deepEqual(failures, []);
  assert.ok(ticks > KILLS, `${ticks} ticks`);
  assert.ok(worstLostMs <= 2_000);
});

const skip = process.getuid?.() === 0 ? false : "only root can mount a small disk";

describe("a full disk", { skip }, () => {
  let disk: string;
  before(() => {
    disk = mkdtempSync(join(tmpdir(), "monitauri-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", DISK, "tmpfs", disk]);
  });
  after(() => {
    // Also where a test failed and its store is still open.
    execFileSync("umount", ["--lazy", disk]);
    rmSync(disk, { recursive: true });
  });

  test("monitoring goes on, what waits is written later, what cannot wait is a gap with its reason", () => {
    const path = join(disk, "history.db");
    const ballast = join(disk, "ballast");
    const store = openHistoryStore({ path, version: "1", now: () => START, zone: "UTC" });
    let at = 0;
    const append = (count: number) => {
      for (let n = 0; n < count; n += 1) {
        at += 1;
        const remote = `host-${at}.example`;
        store.append(tickOf(START + at * 1_000, [detailOf({ remote, rxBytes: 1 })]));
      }
    };
    append(30);
    assert.equal(store.trouble().fault, undefined);
    fillDisk(ballast);
    // Short: all of it is kept in the end.
    while (store.trouble().fault === undefined && at < 2_000) append(1);
    assert.match(store.trouble().fault ?? "", /full/);
    append(50);
    assert.equal(store.trouble().lostTicks, 0);
    assert.ok(store.state().waitingTicks >= 50);
    rmSync(ballast);
    append(1);
    assert.deepEqual(store.trouble(), { warnings: [], fault: undefined, lostTicks: 0 });
    const period = { fromMs: START, toMs: START + 3_600_000 };
    assert.equal(store.query(period).total.rxBytes, at);
    // Long: more than may wait is lost, and said.
    fillDisk(ballast);
    while (store.trouble().fault === undefined && at < 3_000) append(1);
    const beganAt = at;
    append(MAX_WAITING_TICKS + 80);
    const { lostTicks } = store.trouble();
    assert.ok(lostTicks > 60 && lostTicks <= 81, `${lostTicks} lost`);
    rmSync(ballast);
    append(1);
    assert.equal(store.trouble().fault, undefined);
    const answer = store.query({ ...period, stepMs: 1_000 });
    assert.equal(answer.total.rxBytes, at - lostTicks);
    const gap = answer.gaps.find(({ reason }) => reason === "not-kept");
    assert.match(gap?.detail ?? "", /full/);
    assert.equal((gap?.toMs ?? 0) - (gap?.fromMs ?? 0), lostTicks * 1_000);
    assert.ok((gap?.fromMs ?? 0) >= START + (beganAt - 2) * 1_000);
    const inGap = (gap?.fromMs ?? 0) + 5_000;
    const step = answer.series?.startsMs.indexOf(inGap) ?? -1;
    assert.equal(answer.series?.observedMs[step], 0, "a gap is no zero");
    store.close();
    const again = openHistoryStore({ path, version: "1", now: () => START, zone: "UTC" });
    assert.equal(again.query(period).total.rxBytes, at - lostTicks);
    assert.deepEqual(again.trouble().warnings, []);
    again.close();
  });

  test("a CSV log on it is said and goes on by itself; the history elsewhere has everything meanwhile", () => {
    const path = join(folder, "beside.db");
    const [logs, ballast] = [join(disk, "csv"), join(disk, "ballast")];
    const csvLog = { folder: logs, keepDays: 7, maxBytes: 2 ** 30 };
    const store = openHistoryStore({ path, version: "1", now: () => START, zone: "UTC", csvLog });
    const append = (minute: number) =>
      store.append(tickOf(START + minute * 60_000 + 1_000, manyRemotes(minute)));
    for (let minute = 0; minute < 5; minute += 1) append(minute);
    fillDisk(ballast);
    for (let minute = 5; minute < 40; minute += 1) append(minute);
    const { fault, warnings } = store.trouble();
    assert.equal(fault, undefined);
    assert.match(warnings.join(), /^Cannot write the CSV log in .*ENOSPC/);
    rmSync(ballast);
    append(40);
    assert.deepEqual(store.trouble().warnings, []);
    const lines = readFileSync(join(logs, "monitauri-2026-11-08.csv"), "utf8").split("\r\n");
    const wanted = Array.from({ length: 40 }, (_, n) => manyRemotes(n).length);
    assert.equal(
      lines.length - 2,
      wanted.reduce((sum, count) => sum + count, 0),
    );
    store.close();
  });
});

function manyRemotes(minute: number) {
  return Array.from({ length: 20 }, (_, n) =>
    detailOf({ remote: `host-${minute}-${n}.example`, rxBytes: 1 }),
  );
}
