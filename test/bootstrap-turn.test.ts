import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";

const { takeTurn } = (await import(
  new URL("../scripts/bootstrap/turn.mjs", import.meta.url).href
)) as { takeTurn(root: string): Promise<() => void> };

describe("takeTurn()", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "monitauri-turn-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test("lets the second one wait until the first has ended its turn", async (context) => {
    context.mock.method(console, "error", () => {});
    const order: string[] = [];
    const endFirst = await takeTurn(root);
    const second = takeTurn(root).then((end) => {
      order.push("second");
      end();
    });
    await new Promise((resolve) => setImmediate(resolve));
    order.push("first");
    endFirst();
    await second;
    assert.deepEqual(order, ["first", "second"]);
    assert.ok(!existsSync(join(root, ".bootstrap-lock")));
  });

  test("takes over from a process that died", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    writeFileSync(join(root, ".bootstrap-lock"), String(pid));
    const end = await takeTurn(root);
    end();
    assert.ok(!existsSync(join(root, ".bootstrap-lock")));
  });
});
