// Threads that cannot start; a thread that dies later is in test/daemon.test.ts, with the whole daemon around it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";
import { startSampling } from "./sampling.ts";

test("startSampling() says why nothing can count here", async () => {
  const missing = '[{ feature: "counting", reason: "no kernel", remedy: "get one" }]';
  const started = start(`parentPort.postMessage({ kind: "unavailable", missing: ${missing} });`);
  await assert.rejects(started, {
    code: "unsupported",
    message: "Cannot count traffic on this machine:\n  counting: no kernel. Remedy: get one",
  });
});

test("startSampling() does not try again when the first thread dies at once", async () => {
  await assert.rejects(start('throw new TypeError("broken");'), {
    code: "failed",
    message: "Cannot start counting: broken",
  });
  await assert.rejects(start(""), { message: "Cannot start counting: the sampling thread ended" });
});

test("close() ends a thread that does not stop, and answers what is open", async () => {
  const mute = "parentPort.on('message', () => {});";
  const sampling = await start(`parentPort.postMessage({ kind: "sample", sample: {} });${mute}`);
  assert.equal(sampling.thread().state, "running");
  const asked = assert.rejects(sampling.ask("ps", { by: "process" }), {
    message: /has ended|is stopping/,
  });
  await sampling.close();
  await asked;
  assert.equal(sampling.thread().state, "stopped");
  await assert.rejects(sampling.ask("ps", { by: "process" }), { code: "failed" });
});

function start(source: string) {
  const script = `import { parentPort } from "node:worker_threads"; ${source}`;
  return startSampling({
    worker: new URL(`data:text/javascript,${encodeURIComponent(script)}`),
    intervalMs: 1000,
    naming: { isOn: false, networksFile: "", reverseDns: "off" },
    log: createLog(() => {}),
  });
}
