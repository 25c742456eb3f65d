// A history thread that dies, hangs or refuses: what the main thread makes of it.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { DEFAULT_HISTORY_SETTINGS } from "../model/history.ts";
import { tickOf } from "../store/scripted-ticks.ts";
import { type History, startHistory } from "./history.ts";
import { createLog } from "./log.ts";
import { MAX_TICKS } from "./tick-queue.ts";

let running: History | undefined;
afterEach(async () => {
  await running?.close();
  delete process.env.MONITAURI_TEST_DIED;
});

const OPENED = 'say({ kind: "opened", state: {} });';
const STATE = "{ waitingTicks: 0, lostTicks: 0, taken }";
const SERVE = `
  on((message) => {
    if (message.kind === "tick") { taken.push(message.tick.atMs); say({ kind: "taken" }); }
    if (message.kind === "ask") say({ kind: "answer", id: message.id, value: ${STATE} });
    if (message.kind === "stop") parentPort.close();
  });`;

test("a thread that dies is started again and gets what it had not taken, but not what it died of", async () => {
  const { history, said } = start(`
    ${OPENED}
    if (process.env.MONITAURI_TEST_DIED === undefined) {
      on((message) => { if (message.kind === "tick") throw new TypeError("made to crash"); });
    } else { ${SERVE} }`);
  for (const atMs of [1, 2, 3]) history.keep(tickOf(atMs, []));
  await until(() => history.thread().state === "restarting");
  // The next thread gets a copy of the environment as it is now.
  process.env.MONITAURI_TEST_DIED = "1";
  await assert.rejects(history.ask("query", PERIOD), { code: "failed", message: /again/ });
  assert.deepEqual(history.thread().lastError, "made to crash");
  await until(() => history.thread().state === "running");
  history.keep(tickOf(4, []));
  const state = await history.state();
  assert.deepEqual("taken" in state && state.taken, [2, 3, 4]);
  assert.equal(state.lostTicks, 1);
  assert.match(said.join(""), /warn: history stopped: made to crash/);
  assert.equal(await history.close(), true);
});

test("of a thread that takes nothing only so many ticks wait; the others are counted, nobody waits", async () => {
  const { history, said } = start(`${OPENED}
    on((message) => {
      if (message.kind === "ask") say({ kind: "answer", id: message.id, value: ${STATE} });
    });`);
  for (let atMs = 0; atMs < MAX_TICKS + 5; atMs += 1) history.keep(tickOf(atMs, []));
  const { waitingTicks, lostTicks } = await history.state();
  assert.deepEqual([waitingTicks, lostTicks], [MAX_TICKS, 5]);
  assert.equal(said.filter((line) => line.includes("ticks wait")).length, 1);
  // It does not stop either.
  assert.equal(await history.close(), false);
});

test("a history of a newer version is left alone, and questions say why", async () => {
  const message = "Cannot open the history: it is of a newer version";
  const { history, said } = start(`
    say({ kind: "refused", code: "unsupported", message: "${message}" }); parentPort.close();`);
  history.keep(tickOf(1, []));
  await until(() => history.thread().state === "stopped");
  history.keep(tickOf(2, []));
  await assert.rejects(history.ask("query", PERIOD), { code: "unsupported", message });
  assert.equal(history.thread().lastError, message);
  assert.equal(said.filter((line) => line.includes(message)).length, 1);
  assert.equal(await history.close(), false);
});

test("what the disk says goes into the log once, and so does its end", async () => {
  const trouble = (fault: string) =>
    `say({ kind: "trouble", trouble: { warnings: ["set aside"], fault: ${fault}, lostTicks: 0 } });`;
  const { history, said } = start(`${OPENED}
    on((message) => {
      if (message.kind === "tick") { ${trouble('"the disk is full"')} say({ kind: "taken" }); }
      if (message.kind === "ask") {
        ${trouble("undefined")}
        say({ kind: "answer", id: message.id, value: ${STATE} });
      }
      if (message.kind === "stop") parentPort.close();
    });`);
  await history.ask("state", null);
  history.keep(tickOf(1, []));
  history.keep(tickOf(2, []));
  await until(() => history.thread().lastError === "the disk is full");
  await history.state();
  assert.equal(history.thread().lastError, "set aside");
  const lines = said.map((line) => line.slice(line.indexOf("Z ") + 2));
  assert.deepEqual(lines, [
    "warn: history: set aside\n",
    "warn: history: the disk is full; counting goes on\n",
    "info: history: it is written again\n",
  ]);
  assert.equal(await history.close(), true);
});

const PERIOD = { fromMs: 0, toMs: 1 };

function start(source: string): { history: History; said: string[] } {
  const script = `
    import { parentPort } from "node:worker_threads";
    const say = (message) => parentPort.postMessage(message);
    const on = (hear) => parentPort.on("message", hear);
    const taken = [];
    ${source}`;
  const said: string[] = [];
  const history = startHistory({
    worker: new URL(`data:text/javascript,${encodeURIComponent(script)}`),
    path: "/nonexistent/history.db",
    version: "0",
    settings: DEFAULT_HISTORY_SETTINGS,
    log: createLog((line) => said.push(line)),
  });
  running = history;
  return { history, said };
}

async function until(wanted: () => boolean): Promise<void> {
  while (!wanted()) await new Promise((resolve) => setTimeout(resolve, 5));
}
