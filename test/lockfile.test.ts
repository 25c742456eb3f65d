// What package-lock.json must be for `npm ci` to work from any registry and on any system.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { needed } from "../scripts/bootstrap/install.mjs";

type Entry = {
  resolved?: string;
  integrity?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
};

const lockfile = join(dirname(import.meta.dirname), "package-lock.json");
const { packages } = JSON.parse(readFileSync(lockfile, "utf8")) as {
  packages: Record<string, Entry>;
};

test("the lockfile names no registry and pins every package by its hash", () => {
  const entries = Object.entries(packages).filter(([path]) => path !== "");
  const wrong = entries.filter(([, entry]) => entry.resolved !== undefined || !entry.integrity);
  assert.deepEqual(
    wrong.map(([path]) => path),
    [],
  );
});

// `npm install NAME` over an existing node_modules drops other systems' packages from the lockfile
// (https://github.com/npm/cli/issues/4828), and then `npm ci` refuses it. Remedy, in a folder that
// holds package.json and .npmrc only: npm install --package-lock-only.
test("the lockfile holds the packages of every system", () => {
  const names = Object.values(packages).flatMap((entry) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }),
  );
  const missing = names.filter((name) => !isLocked(name));
  assert.deepEqual(missing, []);
});

test("what the bootstrap looks for is what npm installs here, no more: else it would install again each time", () => {
  const installed = join(dirname(lockfile), "node_modules", ".package-lock.json");
  const present = JSON.parse(readFileSync(installed, "utf8")) as { packages: object };
  const missing = [...needed(packages)].filter((path) => !Object.hasOwn(present.packages, path));
  assert.deepEqual(missing, []);
  assert.ok(needed(packages).size > 20);
});

function isLocked(name: string): boolean {
  return Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`));
}
