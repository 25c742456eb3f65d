// What is kept is there after any end of the process, and damage is set aside and said.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
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

describe("openJournal() of a folder that others may write to", () => {
  test("writes through no link, put there before or meanwhile", async () => {
    const { open, path } = fresh();
    const victim = `${path}.victim`;
    const precious = "precious\n".repeat(1_000);
    writeFileSync(victim, precious);
    symlinkSync(victim, path);
    const journal = open();
    await journal.commit(new Map([["a", 1]]));
    rmSync(path);
    symlinkSync(victim, path);
    await journal.commit(new Map([["b", 2]])).catch(() => {});
    await journal.commit(new Map([["c", 3]]));
    await journal.close();
    const again = open();
    again.commit(new Map([["d", 4]])).catch(() => {});
    rmSync(path);
    symlinkSync(victim, path);
    await again.close();
    assert.equal(readFileSync(victim, "utf8"), precious);
    const last = open();
    assert.deepEqual([last.get("a"), last.get("b"), last.get("c")], ["1", "2", "3"]);
    await last.close();
  });

  test("does not wait for a pipe", () => {
    const { path } = fresh();
    assert.equal(spawnSync("mkfifo", [path]).status, 0);
    const { status, stdout } = runModule(`
      const journal = openJournal({ path: ${JSON.stringify(path)}, warn: console.log });
      await journal.commit(new Map([["a", 1]]));
      await journal.close();`);
    assert.equal(status, 0);
    assert.match(stdout, /it is no file\. It is kept as .*\.broken/);
    assert.ok(statSync(path).isFile());
  });
});

test("openJournal() of too large a file leaves out what is expendable, and says so", async () => {
  const { open, path, warnings } = fresh();
  const journal = open();
  const filler = Array.from({ length: 100 }, (_, n) => [`held:${n}`, "x".repeat(1_000)] as const);
  await journal.commit(new Map([["rule:r1", 1], ...filler, ["rule:r2", 2]] as [string, unknown][]));
  await journal.close();
  const limits = { path, expendable: ["held:"], maxLength: 20_000 };
  const small = openJournal({ ...limits, warn: (text) => warnings.push(text) });
  assert.match(warnings.join(), /too large; 8\d parts are left out\. It is kept as .*\.broken/);
  assert.deepEqual([small.get("rule:r1"), small.get("rule:r2")], ["1", "2"]);
  // Nothing was changed, as when the daemon is killed: they are there all the same.
  const again = open();
  assert.deepEqual([again.get("rule:r1"), again.get("rule:r2")], ["1", "2"]);
  assert.equal(warnings.length, 1);
  await again.close();
  await small.close();
});

test("commit() keeps no endless list of changes while the disk refuses them", () => {
  const { path, open } = fresh();
  // Files of this process may not grow beyond 50 kB: what waits can never be appended, what is still so can be written.
  const { status, stderr, stdout } = runModule(
    `process.on("SIGXFSZ", () => {});
    const options = { path: ${JSON.stringify(path)}, warn() {}, maxPendingLength: 100_000 };
    const journal = openJournal(options);
    await journal.commit(new Map([["small", 1]]));
    let refused = 0;
    for (let n = 0; n < 30; n += 1) {
      await journal.commit(new Map([["large", n + "x".repeat(90_000)]])).catch(() => { refused += 1; });
    }
    await journal.commit(new Map([["large", "again small"]]));
    console.log(refused, journal.fault());`,
    "ulimit -f 100;",
  );
  assert.equal(status, 0, stderr);
  assert.equal(stdout, "30 undefined\n");
  assert.equal(open().get("large"), '"again small"');
});

/** In a process of its own, which is ended when it hangs. */
function runModule(code: string, before = "") {
  const url = JSON.stringify(new URL("./journal.ts", import.meta.url).href);
  const text = `import { openJournal } from ${url};\n${code}`;
  const shell = `${before} exec "$0" --input-type=module -e "$1"`;
  return spawnSync("sh", ["-c", shell, process.execPath, text], {
    encoding: "utf8",
    timeout: 30_000,
  });
}

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
