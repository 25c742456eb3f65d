// Runs test files inside of the guest: a line for each test as it ends, reasons at once, and a
// summary for the host.
import { relative } from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";

const FILE_TIMEOUT_MS = 30 * 60_000;

const counts = { passed: 0, failed: 0, skipped: 0 };
const files = process.argv.slice(2);
const { ONLY } = process.env;
const options = {
  files,
  concurrency: 1,
  timeout: FILE_TIMEOUT_MS,
  ...(ONLY ? { testNamePatterns: new RegExp(ONLY) } : {}),
};
for await (const { type, data } of run(options)) {
  if (type === "test:stdout" || type === "test:stderr") process.stderr.write(data.message);
  if (type !== "test:pass" && type !== "test:fail") continue;
  const isFile = data.name === data.file || files.includes(data.name);
  const error = "error" in data.details ? data.details.error : undefined;
  if (data.details.type === "suite" || isFile) {
    // A suite that fails only because of a test in it has nothing of its own to say.
    if (type === "test:pass" || error?.failureType === "subtestsFailed") continue;
  }
  const kind = data.skip !== undefined ? "skipped" : type === "test:pass" ? "passed" : "failed";
  counts[kind]++;
  const where = data.file === undefined ? "" : `${relative(process.cwd(), data.file)}: `;
  console.log(
    `${kind}  ${(data.details.duration_ms / 1000).toFixed(1)} s  ${where}${data.name}` +
      (typeof data.skip === "string" ? ` (${data.skip})` : ""),
  );
  if (kind === "failed") {
    const cause = error?.cause ?? error;
    console.log(cause instanceof Error ? cause.stack : inspect(cause, { depth: 6 }));
  }
}
console.log(`summary ${JSON.stringify(counts)}`);
process.exitCode = counts.failed > 0 ? 1 : 0;
