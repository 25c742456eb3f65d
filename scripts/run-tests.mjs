// Runs test files with Node's own runner and keeps what is worth reading: failures in full, and why
// tests were skipped.
import { relative } from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";

// A test that hangs must not hang the whole run for ever.
const FILE_TIMEOUT_MS = 10 * 60_000;

/**
 * Runs `files` and resolves to `{ passed, failed, skipped, said }`. With `mustRun`, a skipped test
 * counts as failed: where everything that tests need is promised, a silent skip would hide that
 * they rot. With `again`, a file that failed is run once more and that counts; the first failure is
 * said all the same.
 */
export async function runTests({ files, again = false, ...how }) {
  const results = await runOnce({ files, ...how });
  const failed = files.filter((file) => results.get(file)?.failures.length > 0);
  const said = [];
  if (again && failed.length > 0) {
    const second = await runOnce({ files: failed, ...how });
    for (const file of failed) {
      const first = results.get(file);
      const result = second.get(file);
      // One that is skipped now has not passed.
      if (result === undefined || result.skips.length > first.skips.length) continue;
      results.set(file, result);
      if (result.failures.length > 0) continue;
      said.push(
        ...first.failures.map(({ where, why }) => `\n${where}: passed when run again\n${why}`),
      );
    }
  }
  const all = [...results.values()];
  const sum = (of) => all.reduce((total, one) => total + of(one), 0);
  return {
    passed: sum(({ passed }) => passed),
    failed: sum(({ failures, skips }) => failures.length + (how.mustRun ? skips.length : 0)),
    skipped: how.mustRun ? 0 : sum(({ skips }) => skips.length),
    said: [
      ...all.flatMap(({ skips }) => skips),
      ...said,
      ...all.flatMap(({ failures }) => failures.map(({ where, why }) => `\n${where}\n${why}`)),
      ...[...results].flatMap(([file, { failures, printed }]) =>
        failures.length === 0 || printed === "" ? [] : [output(file, printed)],
      ),
    ].join("\n"),
  };
}

// By file: what happened in it.
async function runOnce({ files, concurrency }) {
  const results = new Map();
  for await (const { type, data } of run({ files, concurrency, timeout: FILE_TIMEOUT_MS })) {
    if (data?.file === undefined) continue;
    const result = results.get(data.file) ?? { passed: 0, failures: [], skips: [], printed: "" };
    results.set(data.file, result);
    if (type === "test:stdout" || type === "test:stderr") {
      result.printed += data.message;
    } else if (type === "test:fail" && !isSummary(data)) {
      result.failures.push({ where: place(data), why: reason(data.details.error) });
    } else if (type === "test:pass" && (data.skip !== undefined || data.todo !== undefined)) {
      result.skips.push(`  skipped: ${place(data)}: ${data.skip ?? data.todo}`);
    } else if (type === "test:pass" && data.details.type !== "suite" && data.name !== data.file) {
      result.passed += 1;
    }
  }
  return results;
}

// A suite, or a file, that fails only because a test inside it failed has nothing of its own to
// say.
function isSummary({ details }) {
  return details.error?.failureType === "subtestsFailed";
}

function place({ name, file, line }) {
  return `${file === undefined ? "" : relative(process.cwd(), file)}:${line ?? 1} ${name}`;
}

function reason(error) {
  const cause = error?.cause ?? error;
  const text =
    cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause, { depth: 6 });
  return text.replace(/^/gm, "    ");
}

function output(file, printed) {
  const lines = printed.trimEnd().replace(/^/gm, "    ");
  return `\n${relative(process.cwd(), file)} printed:\n${lines}`;
}
