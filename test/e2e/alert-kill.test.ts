// Alerts through SIGKILL: bench/alerts-delivery.ts kill is the long version.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { killAlerts } from "../../bench/alerts-kill.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-alerts-"));
after(() => rmSync(folder, { recursive: true }));

test("SIGKILL at random moments loses no alert, and each mail that comes twice is counted", async () => {
  const result = await killAlerts({
    folder,
    alerts: 1_500,
    downMs: 3_600_000,
    kills: 6,
    speed: 1_200,
  });
  assert.deepEqual([result.missing, result.twice], [[], []]);
  assert.equal(result.single + result.merged, 1_500);
  assert.equal(result.kills, 6);
  assert.ok(result.digests >= 1);
  assert.ok(
    result.doubles <= result.counts.repeated,
    `${result.doubles} doubles, ${result.counts.repeated} counted`,
  );
});
