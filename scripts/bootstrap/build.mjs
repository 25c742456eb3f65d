// Turns src/ into dist/ and knows whether that is still needed. Types are left to `npm run types`:
// a build only strips them.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { findNode } from "../../bin/runtime.mjs";
import { BootstrapError, requireWritable, runStep, writeOwnedFile } from "./steps.mjs";

const INPUTS = [
  "src",
  "tsconfig.base.json",
  "tsconfig.build.json",
  "vite.config.ts",
  "package-lock.json",
];
const STAMP = ".stamp";

/** Whether dist/ was made from the sources as they are now. */
export function isBuilt(root) {
  try {
    return readFileSync(join(root, "dist", STAMP), "utf8") === fingerprint(root);
  } catch {
    return false;
  }
}

/**
 * Builds beside dist/ and then swaps the folders: whoever starts meanwhile finds one that is whole.
 */
export async function build(root) {
  requireWritable(root);
  const made = fingerprint(root);
  const fresh = join(root, `.build-${process.pid}`);
  const old = `${fresh}-old`;
  const dist = join(root, "dist");
  try {
    for (const { saying, args } of steps(root, fresh)) {
      const command = findNode(root) ?? process.execPath;
      const { code, output } = await runStep(root, saying, { command, args });
      if (code !== 0)
        throw new BootstrapError(`Cannot build: the compiler found errors:\n${output}`);
    }
    writeOwnedFile(root, join(fresh, STAMP), made);
    rename(dist, old);
    renameSync(fresh, dist);
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  }
}

// The page's configuration is run as it is: compiled, it would leave a file in node_modules.
function steps(root, fresh) {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  const quiet = ["--configLoader", "native", "--logLevel", "warn"];
  return [
    { saying: "building", args: [tsc, "-p", "tsconfig.build.json", "--outDir", fresh] },
    {
      saying: "building the page",
      args: [vite, "build", "--outDir", join(fresh, "ui"), "--emptyOutDir", ...quiet],
    },
  ];
}

function rename(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

// Names, sizes and times, not contents: two hundred files take a few milliseconds. Any difference
// counts, also an older time, as when a file comes back from an archive.
function fingerprint(root) {
  const hash = createHash("sha256");
  for (const input of INPUTS) add(hash, root, input);
  return hash.digest("hex");
}

function add(hash, root, path) {
  const stats = statSync(join(root, path), { throwIfNoEntry: false });
  if (stats === undefined || path.endsWith(".test.ts")) return;
  if (stats.isDirectory()) {
    for (const name of readdirSync(join(root, path)).sort()) add(hash, root, `${path}/${name}`);
  } else {
    hash.update(`${path} ${stats.size} ${stats.mtimeMs}\n`);
  }
}
