// Real files: none, a good one, broken ones, a disk that cannot be written, and a writer that is killed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { LimitRule } from "../model/limit.ts";
import { NO_LIMITS, readLimits, type SavedLimits, saveLimits } from "./limit-file.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const path = join(folder, "limits.json");
after(() => rmSync(folder, { recursive: true }));

const rule: LimitRule = {
  id: "l7",
  target: { kind: "process", pid: 12, startedAtMs: 1_000.5 },
  rxBytesPerSecond: 625_000,
  txBytesPerSecond: null,
  block: false,
  rxGuaranteedBytesPerSecond: null,
  txGuaranteedBytesPerSecond: null,
  priority: 3,
  exceptLan: true,
  enabled: true,
  schedule: [{ days: ["mon", "sun"], from: "22:00", to: "06:00" }],
  expiresAtMs: 5,
  createdAtMs: 4,
};
const saved: SavedLimits = {
  rules: [rule],
  quotas: [
    {
      id: "q1",
      target: { kind: "application", pattern: "firefox" },
      bytes: 1e10,
      direction: "rx",
      exceptLan: false,
      period: "billing",
      startDay: 15,
      steps: [{ atShare: 1, action: { do: "block" } }],
      enabled: true,
      overriddenUntilMs: null,
      createdAtMs: 3,
    },
  ],
  pending: [{ id: "l7", before: { ...rule, priority: 1 }, undoAtMs: 9 }],
  lastRule: 7,
  lastQuota: 1,
  told: { q1: { periodFromMs: 2, step: 0 } },
};

test("readLimits() reads what saveLimits() wrote, which is its user's alone", () => {
  assert.deepEqual(readLimits(path), { saved: NO_LIMITS, warning: undefined });
  saveLimits(path, saved);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readLimits(path), { saved, warning: undefined });
});

test("readLimits() sets aside what it cannot use, and says so", () => {
  const whole = JSON.stringify({ version: 1, ...saved });
  for (const text of [
    "",
    "{",
    "{}",
    whole.slice(0, -20),
    whole.replace('"version":1', '"version":2'),
    whole.replace("625000", "-1"),
    whole.replace('"l7"', '"../../x"'),
    whole.replace('"kind":"process"', '"kind":"planet"'),
    " ".repeat(4_000_001),
  ]) {
    writeFileSync(path, text);
    const { saved: found, warning } = readLimits(path);
    assert.deepEqual(found, NO_LIMITS);
    assert.match(
      warning ?? "",
      /^The limits could not be read \(.+\)\. They were set aside as .*limits\.json\.broken, and no rule holds$/,
    );
    assert.equal(readFileSync(`${path}.broken`, "utf8"), text);
    assert.equal(existsSync(path), false);
  }
});

test("saveLimits() follows no link, and says when it cannot keep them", () => {
  const victim = join(folder, "victim");
  writeFileSync(victim, "precious");
  symlinkSync(victim, `${path}.new`);
  saveLimits(path, saved);
  assert.equal(readFileSync(victim, "utf8"), "precious");
  assert.throws(() => saveLimits(join(folder, "none", "limits.json"), saved), {
    code: "failed",
    message:
      /^Cannot keep the limits: .*Nothing was changed; make room or repair it, and try again$/,
  });
});

test("a writer that is killed at any moment leaves the old book or the new one", async () => {
  saveLimits(path, saved);
  const script = `
    import { saveLimits } from ${JSON.stringify(join(import.meta.dirname, "limit-file.ts"))};
    const saved = ${JSON.stringify(saved)};
    const many = (n) => Array.from({ length: 900 }, (_, i) => ({ ...saved.rules[0], id: "l" + (n * 1000 + i) }));
    process.stdout.write("begun");
    for (let n = 1; ; n = (n % 1000) + 1) saveLimits(${JSON.stringify(path)}, { ...saved, rules: many(n), lastRule: n });`;
  for (let i = 0; i < 12; i += 1) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
    await once(child.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, 5 + 11 * i));
    child.kill("SIGKILL");
    await once(child, "exit");
    const { saved: found, warning } = readLimits(path);
    assert.equal(warning, undefined);
    assert.ok(found.rules.length === 900 || found.rules.length === 1);
    if (found.rules.length === 900) assert.equal(found.rules[0]?.id, `l${found.lastRule}000`);
  }
});
