// What is kept is there after any end of the process, and damage is set aside and said.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { openJournal } from "./journal.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
function fresh() {
  files += 1;
  const path = join(folder, `${files}.journal`);
  const warnings: string[] = [];
  return { path, warnings, open: () => openJournal({ path, warn: (text) => warnings.push(text) }) };
}

describe("openJournal()", () => {
  test("has again what was committed, without what was removed", async () => {
    const { open, path, warnings } = fresh();
    const journal = open();
    await journal.commit(
      new Map<string, unknown>([
        ["a", { n: 1 }],
        ["b", 'line\n"break'],
        ["c", 3],
      ]),
    );
    await journal.commit(new Map([["c", null]]));
    await journal.close();
    const again = open();
    assert.equal(again.get("a"), '{"n":1}');
    assert.deepEqual(again.entries("b"), [["b", '"line\\n\\"break"']]);
    assert.equal(again.get("c"), undefined);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(warnings, []);
    await again.close();
  });

  test("reads whatever a cut-off write left, at every byte", async () => {
    const { open, path } = fresh();
    const journal = open();
    await journal.commit(new Map([["first", 1]]));
    await journal.close();
    const before = statSync(path).size;
    const second = open();
    const start = statSync(path).size;
    await second.commit(new Map([["second", "é".repeat(5)]]));
    await second.close();
    const whole = readFileSync(path);
    assert.ok(start <= before + 10);
    for (let length = start; length <= whole.length; length += 1) {
      writeFileSync(path, whole.subarray(0, length));
      const read = open();
      assert.equal(read.get("first"), "1");
      assert.equal(
        read.get("second"),
        length === whole.length ? '"ééééé"' : undefined,
        `${length}`,
      );
      await read.close();
    }
  });

  test("sets a damaged file aside, uses what came before the damage and says so", async () => {
    const { open, path, warnings } = fresh();
    const journal = open();
    await journal.commit(new Map([["good", 1]]));
    await journal.close();
    appendFileSync(path, '00000000 {"bad":1}\n');
    const again = open();
    assert.equal(again.get("good"), "1");
    assert.match(warnings[0] ?? "", /damaged.*\.broken/);
    assert.ok(existsSync(`${path}.broken`));
    await again.close();
    writeFileSync(path, "something else\n");
    const anew = open();
    assert.deepEqual(anew.entries(""), []);
    assert.match(warnings[1] ?? "", /no file of alerts/);
    await anew.close();
  });

  test("stays small however often a key changes", async () => {
    const { open, path } = fresh();
    const journal = open();
    const text = "x".repeat(20_000);
    for (let n = 0; n < 400; n += 1) await journal.commit(new Map([["one", `${n}${text}`]]));
    await journal.close();
    assert.ok(statSync(path).size < 2_000_000, `${statSync(path).size}`);
    assert.equal(open().get("one"), `"399${text}"`);
  });

  test("says why it cannot write, and writes it all when it can again", async () => {
    const { open, path } = fresh();
    const journal = open();
    await journal.commit(new Map([["a", 0]]));
    await journal.close();
    rmSync(path);
    await assert.rejects(journal.commit(new Map([["a", 1]])), {
      code: "failed",
      message: /ENOENT/,
    });
    assert.match(journal.fault() ?? "", /ENOENT/);
    writeFileSync(path, "");
    await journal.commit(new Map([["b", 2]]));
    assert.equal(journal.fault(), undefined);
    await journal.close();
    const again = open();
    assert.deepEqual([again.get("a"), again.get("b")], ["1", "2"]);
    await again.close();
  });
});

test("after SIGKILL at any moment everything that was said to be kept is there", async () => {
  for (let round = 0; round < 2; round += 1) {
    const { path } = fresh();
    const code = `
      import { openJournal } from ${JSON.stringify(new URL("./journal.ts", import.meta.url).href)};
      const journal = openJournal({ path: ${JSON.stringify(path)}, warn() {} });
      for (let n = 0; ; n += 1) {
        await journal.commit(new Map([["n", n], ["k" + n % 50, "x".repeat(3000)]]));
        process.stdout.write(n + "\\n");
      }`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code]);
    let said = "";
    child.stdout.on("data", (text) => {
      said += text;
      if (said.length > 300 + round * 777) child.kill("SIGKILL");
    });
    await new Promise((resolve) => child.on("close", resolve));
    const last = Number(said.trimEnd().split("\n").at(-2));
    const journal = openJournal({ path, warn() {} });
    assert.ok(Number(journal.get("n")) >= last, `${journal.get("n")} of ${last}`);
    await journal.close();
  }
});
