// Finds the Node that runs Monitauri: this one if it is new enough, else the one that came as a
// package. Only built-ins and only syntax of Node 18: this runs before anything is installed.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The oldest Node with an unflagged `node:sqlite` and stable type stripping. */
export const MINIMUM_NODE = "24.12.0";

/** The path of a Node that is new enough, or undefined when none is installed. */
export function findNode(root) {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const wanted = nodePackage(root);
  if (wanted === undefined) return undefined;
  try {
    const manifest = createRequire(join(root, "package.json")).resolve(
      `${wanted.name}/package.json`,
    );
    const node = join(dirname(manifest), "bin", "node");
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The npm package that holds Node for this machine: `{ name, version }`, or undefined when there is
 * none.
 */
export function nodePackage(root, platform = process.platform, arch = process.arch) {
  const { optionalDependencies = {} } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  for (const name of [`node-${platform}-${arch}`, `node-bin-${platform}-${arch}`]) {
    if (name in optionalDependencies) return { name, version: optionalDependencies[name] };
  }
  return undefined;
}

/** Whether `version` ("24.12.0") is `minimum` or later. */
export function isNewEnough(version, minimum = MINIMUM_NODE) {
  const have = version.split(".").map(Number);
  const need = minimum.split(".").map(Number);
  for (const [index, part] of need.entries()) {
    if (have[index] !== part) return have[index] > part;
  }
  return true;
}

/**
 * What Node and the C library are told when they run the daemon, which lives long and makes little
 * garbage. A fifth to a third less memory of its own at rest, for a tenth more CPU at start (docs/figures.md, 6).
 */
export function frugal() {
  return {
    // A small nursery; one thread beside for compiling and collecting instead of four; size before speed.
    options: ["--max-semi-space-size=1", "--v8-pool-size=1", "--optimize-for-size"],
    // glibc keeps a heap per thread and little of it goes back; its threads seldom ask at once.
    env: { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" },
  };
}
