// Holds the sources to the structure that CONTRIBUTING.md describes, and proves that each rule can
// be broken.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { DIRECTIONS, lengthViolations, unitViolations, violations } from "./architecture-rules.ts";

const root = dirname(import.meta.dirname);

describe("the repository", () => {
  test("src keeps every rule", () => {
    const found = files("src/**/*.{ts,tsx}").flatMap(({ path, text }) => violations(path, text));
    assert.deepEqual(found, []);
  });

  test("no TypeScript file outside src is over the limit of lines", () => {
    assert.deepEqual(complaints(files("{test,bench}/**/*.ts"), lengthViolations), []);
  });

  test("the kernel programs name their units", () => {
    const sources = files("bpf/*.{c,h}").filter(({ path }) => path !== "bpf/vmlinux.h");
    assert.deepEqual(complaints(sources, unitViolations), []);
  });
});

describe("a forbidden import is found in every form", () => {
  const forms = {
    import: 'import { open } from "../store/open.ts";',
    "import for its effect": 'import "../store/open.ts";',
    "namespace import": 'import * as store from "../store/open.ts";',
    "type-only import": 'import type { Row } from "../store/open.ts";',
    "inline type import": 'import { type Row } from "../store/open.ts";',
    "re-export": 'export { open } from "../store/open.ts";',
    "type-only re-export": 'export type { Row } from "../store/open.ts";',
    "re-export of everything": 'export * from "../store/open.ts";',
    "dynamic import": 'const store = await import("../store/open.ts");',
    "dynamic import of a template": "const store = await import(`../store/open.ts`);",
    "import type expression": 'type Row = import("../store/open.ts").Row;',
    "typeof import": 'type Store = typeof import("../store/open.ts");',
    "import equals": 'import store = require("../store/open.ts");',
    require: 'const store = require("../store/open.ts");',
    "worker address": 'const worker = new Worker(new URL("../store/open.ts", import.meta.url));',
    "worker address with a hole": "new URL(`../store/open${extension}`, import.meta.url);",
    "import over two lines": 'import {\n  open,\n} from\n  "../store/open.ts";',
    "import behind a regular expression": 'const quote = /["\'`]/;\nimport "../store/open.ts";',
  };
  for (const [form, source] of Object.entries(forms)) {
    test(form, () => {
      const [found, ...more] = violations("src/sampler/rates.ts", `// Job.\n${source}\n`);
      assert.match(found ?? "", /^src\/sampler\/rates\.ts: imports \.\.\/store\/open.* only model/);
      assert.deepEqual(more, []);
    });
  }
});

describe("what is no import is not taken for one", () => {
  const harmless = {
    "a comment": '// import "../store/open.ts";',
    "a string": "const text = 'import \"../store/open.ts\"';",
    "a template": 'const text = `import("../store/open.ts")`;',
    "a file to read": 'new URL("../../package.json", import.meta.url);',
    "an own file": 'import { delta } from "./delta.ts";',
    "an allowed folder": 'import type { Sample } from "../model/sample.ts";',
  };
  for (const [what, source] of Object.entries(harmless)) {
    test(what, () =>
      assert.deepEqual(violations("src/sampler/rates.ts", `// Job.\n${source}\n`), []),
    );
  }
});

describe("each other rule can be broken", () => {
  const broken: [rule: string, path: string, source: string, complaint: RegExp][] = [
    ["model imports nothing", "src/model/a.ts", 'import "../native/b.ts";', /may import nothing/],
    [
      "stages stay apart",
      "src/api/a.ts",
      'import "../alerts/b.ts";',
      /src\/api may import only model/,
    ],
    ["daemon is no client", "src/daemon/a.ts", 'import "../client/b.ts";', /it alone composes/],
    [
      "the entry point hands over",
      "src/main.ts",
      'import "./model/b.ts";',
      /src\/main\.ts may import/,
    ],
    [
      "new folders enter the table",
      "src/utils/a.ts",
      'import "../model/b.ts";',
      /not in the direction table/,
    ],
    ["src needs src only", "src/api/a.ts", 'import "../../test/b.ts";', /outside src/],
    ["targets are written out", "src/api/a.ts", "await import(name);", /computed/],
    ["koffi", "src/collector/a.ts", 'import koffi from "koffi";', /belongs to src\/native/],
    [
      "koffi as a type",
      "src/collector/a.ts",
      'import type { IKoffiLib } from "koffi";',
      /src\/native/,
    ],
    ["child_process", "src/limits/a.ts", 'import "node:child_process";', /belongs to src\/native/],
    ["child_process without node:", "src/limits/a.ts", 'import "child_process";', /src\/native/],
    ["sqlite", "src/daemon/a.ts", 'await import("node:sqlite");', /belongs to src\/store/],
    ["nodemailer", "src/daemon/a.ts", 'import "nodemailer";', /belongs to src\/alerts/],
    ["process.platform", "src/cli/a.ts", "if (process.platform) {}", /asks for the platform/],
    ["process[platform]", "src/cli/a.ts", 'if (process["platform"]) {}', /asks for the platform/],
    [
      "platform taken out",
      "src/cli/a.ts",
      "const { platform } = process;",
      /asks for the platform/,
    ],
    [
      "platform imported",
      "src/cli/a.ts",
      'import { platform } from "node:os";',
      /asks for the platform/,
    ],
    ["os.platform", "src/cli/a.ts", "os.platform();", /asks for the platform/],
    ["default export", "src/cli/a.ts", "export default 1;", /default export/],
    [
      "export as default",
      "src/cli/a.ts",
      "const a = 1; export { a as default };",
      /default export/,
    ],
    ["lines", "src/cli/a.ts", "//\n".repeat(400), /401 lines/],
    ["rxBps", "src/cli/a.ts", "let rxBps = 1;", /"xBps"/],
    ["tx_bps", "src/cli/a.ts", "let tx_bps = 1;", /"tx_bps"/],
  ];
  for (const [rule, path, source, complaint] of broken) {
    test(rule, () => {
      const found = violations(path, `// Job.\n${source}`);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", complaint);
    });
  }

  test("the opening comment", () => {
    assert.match(violations("src/cli/a.ts", "let a = 1; // Late.").join(), /does not open with/);
    assert.match(violations("src/cli/a.ts", "//\nlet a = 1;").join(), /does not open with/);
    assert.deepEqual(
      violations("src/cli/a.ts", "#!/usr/bin/env node\n/** Job. */\nlet a = 1;"),
      [],
    );
  });

  test("a file that does not parse is not a file without imports", () => {
    assert.throws(() => violations("src/cli/a.ts", "import from from from"), /does not parse/);
  });
});

test("the direction table names only folders that it knows", () => {
  for (const { may } of Object.values(DIRECTIONS)) {
    for (const folder of may) assert.ok(Object.hasOwn(DIRECTIONS, folder), folder);
  }
});

function files(pattern: string): { path: string; text: string }[] {
  return globSync(pattern, { cwd: root }).map((path) => ({
    path,
    text: readFileSync(join(root, path), "utf8"),
  }));
}

function complaints(
  sources: { path: string; text: string }[],
  rule: (text: string) => string[],
): string[] {
  return sources.flatMap(({ path, text }) => rule(text).map((what) => `${path}: ${what}`));
}
