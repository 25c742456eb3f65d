// The history as a thread, as the daemon runs it, on real files; and in a folder where it may not write.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { FromHistory, ToHistory } from "../../src/store/messages.ts";
import { openHistoryStore } from "../../src/store/open.ts";
import { openHistoryReader } from "../../src/store/reader.ts";
import { detailOf, tickOf } from "../../src/store/scripted-ticks.ts";
import { serveHistory } from "../../src/store/serve.ts";

const START = Date.parse("2026-11-08T12:00:00Z");
const NOBODY = 65_534;

if (isMainThread) runTests();
else if (parentPort !== null) {
  const { path } = workerData as { path: string };
  serveHistory(parentPort, {
    open: () => openHistoryStore({ path, version: "1", now: () => START, zone: "UTC" }),
  });
}

function runTests(): void {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "monitauri-history-"));
    chmodSync(folder, 0o755);
  });
  after(() => rmSync(folder, { recursive: true }));

  test("the thread writes while another reads, and a thread that is ended loses nothing it had taken", async () => {
    const path = join(folder, "history.db");
    const first = start(path);
    await first.heard(({ kind }) => kind === "opened");
    for (let n = 1; n <= 200; n += 1) first.tick(n);
    await first.heard((one) => one.kind === "taken" && one.atMs === START + 100_000);
    using reader = openHistoryReader({ path, now: () => START, zone: "UTC" });
    const period = { fromMs: START, toMs: START + 3_600_000 };
    assert.ok(reader.query(period).total.rxBytes >= 100);
    await first.heard((one) => one.kind === "taken" && one.atMs === START + 200_000);
    await first.worker.terminate();
    assert.equal(reader.query(period).total.rxBytes, 200);
    const second = start(path);
    second.tick(201);
    second.say({ kind: "ask", id: 7, topic: "query", what: period });
    const answer = await second.heard((one) => one.kind === "answer");
    assert.partialDeepStrictEqual(answer, {
      id: 7,
      value: { total: { rxBytes: 201 }, sessions: [{ clean: null }, { clean: false }] },
    });
    second.say({ kind: "stop" });
    await once(second.worker, "exit");
    assert.equal(reader.query(period).sessions[0]?.clean, true);
  });

  const skip = process.getuid?.() === 0 ? false : "only root can become another user";
  test("a folder without write permission is refused with a remedy", { skip }, () => {
    const store = new URL("../../src/store/open.ts", import.meta.url).href;
    const script = `
      const { openHistoryStore } = await import(${JSON.stringify(store)});
      process.setgid(${NOBODY}); process.setuid(${NOBODY});
      try {
        openHistoryStore({ path: ${JSON.stringify(join(folder, "other.db"))}, version: "1", now: Date.now });
        console.log("opened");
      } catch ({ code, message }) { console.log(code, message) }`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 20_000,
    });
    assert.match(stdout, /^forbidden Cannot open the history .*Let this user write to the folder/);
  });
}

function start(path: string) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { path } });
  const all: FromHistory[] = [];
  worker.on("message", (message: FromHistory) => all.push(message));
  const say = (message: ToHistory) => worker.postMessage(message);
  return {
    worker,
    say,
    tick: (n: number) =>
      say({
        kind: "tick",
        tick: tickOf(START + n * 1_000, [detailOf({ rxBytes: 1 })]),
        lost: null,
      }),
    async heard(wanted: (message: FromHistory) => boolean): Promise<FromHistory> {
      for (;;) {
        const found = all.find(wanted);
        if (found !== undefined) return found;
        await once(worker, "message");
      }
    },
  };
}
