// Keeps what a measurement found as JSON, with the machine that it holds for.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";

/** Writes bench/results/NAME.json. */
export function writeResults(name: string, results: object): void {
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  const all = { date: new Date().toISOString(), machine: machine(), ...results };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(all, undefined, 2)}\n`);
}

/** One line for above a table. */
export function machineLine(): string {
  const { kernel, cpu, cores, memoryBytes, node } = machine();
  return `Linux ${kernel}, ${cores} × ${cpu}, ${Math.round(memoryBytes / 2 ** 30)} GiB, Node ${node}`;
}

/** A row of a Markdown table. */
export function row(...cells: (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** A whole number above 0 from the command line. @throws RangeError for anything else. */
export function argument(position: number, { otherwise }: { otherwise: number }): number {
  return wholeNumber(process.argv[1 + position], { otherwise });
}

/** The same of an argument that was taken apart already. */
export function wholeNumber(
  text: string | undefined,
  { otherwise }: { otherwise: number },
): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!(value > 0)) throw new RangeError(`"${text}" is given where a number above 0 is wanted`);
  return value;
}

function machine() {
  const [first] = cpus();
  return {
    kernel: release(),
    cpu: first?.model ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.versions.node,
  };
}
