// Alerts go on whatever a part of the daemon that they ask does.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createAlerts } from "./alerts.ts";

test("a mistake while no samples come is said, and ends nothing", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "monitauri-alerts-"));
  t.mock.timers.enable({ apis: ["setInterval"] });
  const lines: string[] = [];
  const alerts = createAlerts({
    path: join(folder, "alerts.journal"),
    problems: () => assert.fail("no answer"),
    log: { warn() {}, info() {}, warnOnce: (_key, line) => lines.push(line) },
  });
  const blindMs = performance.now() + 60_000;
  t.mock.method(performance, "now", () => blindMs);
  t.mock.timers.tick(5_000);
  assert.match(lines.join(), /Cannot judge that no samples come: .*no answer/);
  await alerts.close();
  rmSync(folder, { recursive: true });
});
