// How exact limits are and what they cost, in namespaces of their own.
// node bench/limits.ts accuracy 10 (Mbit/s) | neighbour | rules | changes [500] | kills [50] | others
// Each part takes less than four minutes; results are kept in bench/results, and the table is printed.
import { skipWithoutWorld } from "../test/e2e/world.ts";
import { accuracy } from "./limits/accuracy.ts";
import { changes, kills } from "./limits/lifetime.ts";
import { neighbour } from "./limits/neighbour.ts";
import { others } from "./limits/others.ts";
import { manyRules } from "./limits/rules.ts";
import { machineLine, writeResults } from "./results.ts";

const PARTS: Record<string, (argument: string | undefined) => Promise<object>> = {
  accuracy,
  neighbour,
  rules: manyRules,
  changes,
  kills,
  others,
};

const [part = "", argument] = process.argv.slice(2);
const measure = PARTS[part];
if (measure === undefined) {
  console.error(`Usage: node bench/limits.ts ${Object.keys(PARTS).join(" | ")}`);
  process.exit(2);
}
const missing = await skipWithoutWorld();
if (missing !== false) {
  console.error(`Cannot measure: ${missing}`);
  process.exit(1);
}
console.log(`${machineLine()}\n`);
writeResults(`limits-${[part, argument].filter(Boolean).join("-")}`, await measure(argument));
process.exit(0);
