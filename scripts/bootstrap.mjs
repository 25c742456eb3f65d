// Makes a fresh checkout ready to run: `npm start` and `npm test` call this first. Runs on Node 18
// and later.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureReady } from "./bootstrap/ensure-ready.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const rebuild = process.argv.includes("--rebuild");
if (!(await ensureReady(root, { rebuild }))) process.exit(1);
