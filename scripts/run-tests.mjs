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
 * they rot.
 */
export async function runTests({ files, concurrency, mustRun = false }) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  const skips = [];
  const printed = new Map();
  for await (const { type, data } of run({ files, concurrency, timeout: FILE_TIMEOUT_MS })) {
    if (type === "test:stdout" || type === "test:stderr") {
      printed.set(data.file, (printed.get(data.file) ?? "") + data.message);
    } else if (type === "test:fail" && !isSummary(data)) {
      counts.failed += 1;
      failures.push({ where: place(data), why: reason(data.details.error), file: data.file });
    } else if (type === "test:pass" && (data.skip !== undefined || data.todo !== undefined)) {
      counts[mustRun ? "failed" : "skipped"] += 1;
      skips.push(`  skipped: ${place(data)}: ${data.skip ?? data.todo}`);
    } else if (type === "test:pass" && data.details.type !== "suite" && data.name !== data.file) {
      counts.passed += 1;
    }
  }
  return {
    ...counts,
    said: [
      ...skips,
      ...failures.map(({ where, why }) => `\n${where}\n${why}`),
      ...output(failures, printed),
    ].join("\n"),
  };
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

function output(failures, printed) {
  const failed = new Set(failures.map(({ file }) => file));
  return [...printed]
    .filter(([file]) => failed.has(file))
    .map(
      ([file, text]) =>
        `\n${relative(process.cwd(), file)} printed:\n${text.trimEnd().replace(/^/gm, "    ")}`,
    );
}
