// Runs the checks, all or the ones named: format, lint, types, bpf, unit, e2e, accuracy. Says little while
// all is well, everything about what is not, and ends with one line that counts the tests.
import { spawnSync } from "node:child_process";
// As a whole: Node 20, which may run this file until it finds the newer one, has no globSync to
// import.
import * as fs from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findNode } from "../bin/runtime.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const required = process.env.MONITAURI_E2E === "required";
process.chdir(root);

/**
 * Each check resolves to `{ passed, failed, skipped, said }`: counts of tests, and what to print.
 */
const CHECKS = {
  // Format includes the order of imports.
  format: () => command("node_modules/.bin/biome", "check", "--linter-enabled=false", "."),
  lint: () => command("node_modules/.bin/biome", "lint", "."),
  types: checkTypes,
  bpf: checkObjects,
  unit: () =>
    tests({
      patterns: ["src/**/*.test.ts", "test/*.test.ts", "bench/*.test.ts"],
      concurrency: availableParallelism(),
    }),
  // One after the other: they share the kernel's hooks, network namespaces and ports. They look at real rates on machines
  // that may have other work.
  e2e: () =>
    tests({
      patterns: ["test/e2e/**/*.test.ts"],
      concurrency: 1,
      mustRun: required,
      again: true,
    }),
  // Every scenario of the matrix once: right process, right bytes. Other monitors are measured by `npm run bench`.
  accuracy: checkAccuracy,
};

const node = findNode(root);
if (node === undefined) {
  console.error('Cannot check: nothing is installed yet. Run "npm test", which installs first.');
  process.exit(1);
}
if (node === process.execPath) await main(process.argv.slice(2));
else process.exit(spawnSync(node, process.argv.slice(1), { stdio: "inherit" }).status ?? 1);

async function main(names) {
  const unknown = names.find((name) => !Object.hasOwn(CHECKS, name));
  if (unknown !== undefined) {
    console.error(`Unknown check "${unknown}". There are: ${Object.keys(CHECKS).join(", ")}.`);
    process.exit(2);
  }
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const name of names.length > 0 ? names : Object.keys(CHECKS)) {
    const startedMs = Date.now();
    const result = await CHECKS[name]();
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
    console.log(
      `${name.padEnd(10)}${result.failed > 0 ? "FAILED" : "ok"}  ${seconds} s${counts(result)}`,
    );
    if (result.said !== "") console.log(result.said);
    for (const key of Object.keys(total)) total[key] += result[key];
  }
  if (total.skipped > 0) console.log(`${total.skipped} skipped`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

function counts({ passed, failed, skipped }) {
  if (passed + failed + skipped === 0) return "";
  return `  (${passed} passed, ${failed} failed, ${skipped} skipped)`;
}

function command(program, ...args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status === 0) return outcome({});
  return outcome({
    failed: 1,
    said: error ? `${program}: ${error.message}` : `${stdout}${stderr}`.trim(),
  });
}

function outcome({ passed = 0, failed = 0, skipped = 0, said = "" }) {
  return { passed, failed, skipped, said };
}

// One project per world that the code runs in; a world that has no source yet has no check.
function checkTypes() {
  const worlds = { model: "src/model/*.ts", node: "src/*.ts", ui: "src/ui/*.{ts,tsx}" };
  const results = Object.entries(worlds)
    .filter(
      ([name, sources]) =>
        fs.existsSync(`tsconfig.${name}.json`) && fs.globSync(sources).length > 0,
    )
    .map(([name]) =>
      command("node_modules/.bin/tsc", "--pretty", "false", "-p", `tsconfig.${name}.json`),
    );
  // Shared files are in more than one project: say each mistake once.
  const said = new Set(results.flatMap(({ said }) => (said === "" ? [] : said.split("\n"))));
  return outcome({ failed: said.size > 0 ? 1 : 0, said: [...said].join("\n") });
}

// The committed kernel objects must be what the sources make; only Debian's clang-14 gives the same
// bytes.
function checkObjects() {
  const isDebian =
    fs.existsSync("/etc/os-release") &&
    /^ID=debian$/m.test(fs.readFileSync("/etc/os-release", "utf8"));
  const hasClang = spawnSync("clang-14", ["--version"]).error === undefined;
  if (isDebian && hasClang) return command("sh", "scripts/build-bpf.sh", "--check");
  const said = "        not compared: needs Debian's clang-14 and llvm-14";
  return outcome(isDebian && required ? { failed: 1, said } : { skipped: 1, said });
}

// Needs what the end-to-end tests need, and is skipped where they are.
async function checkAccuracy() {
  const { skipWithoutWorld } = await import("../test/e2e/world.ts");
  const missing = await skipWithoutWorld();
  if (missing !== false) return outcome({ skipped: 1, said: `        not measured: ${missing}` });
  const { status, stdout, stderr } = spawnSync(process.execPath, ["bench/run.ts", "--quick"], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const [, passed = 0, failed = 0] = /^(\d+) passed, (\d+) failed$/m.exec(stdout) ?? [];
  const isGood = status === 0 && Number(passed) > 0;
  return outcome({
    passed: Number(passed),
    failed: isGood ? 0 : Math.max(1, Number(failed)),
    said: isGood ? "" : `${stdout}${stderr}`.trim(),
  });
}

async function tests(options) {
  const files = fs.globSync(options.patterns).sort();
  if (files.length === 0) return outcome({});
  // Imported late: the types check must also work where a test does not even parse.
  const { runTests } = await import("./run-tests.mjs");
  return outcome(await runTests({ ...options, files: files.map((file) => join(root, file)) }));
}
