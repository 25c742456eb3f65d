/** Files that application rules name, so that a program is under its rule from its first packet. */

import { readdirSync, statSync } from "node:fs";
import type { LimitRule } from "../model/limit.ts";
import { applicationFits, isGlob } from "../model/limit-match.ts";
import { readExecutable } from "./processes.ts";

/** Where programs are looked for that a rule names without their folder. */
const FOLDERS = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
  "/usr/games",
  "/snap/bin",
  "/var/lib/flatpak/exports/bin",
];
/** LIMITED_EXECUTABLES of bpf/limits.h; further ones are found within half a second instead. */
const EXECUTABLE_LIMIT = 4_096;

export interface ExecutableFile {
  readonly inode: bigint;
  readonly bytes: bigint;
  readonly rules: readonly LimitRule[];
}

export interface ExecutableSearch {
  /** Files whose programs are under these application rules; `running`: paths that are known besides. */
  find(rules: readonly LimitRule[], running: Iterable<string>): ExecutableFile[];
}

/** Looks into a folder again only when it has changed. */
export function createExecutableSearch(folders: readonly string[] = FOLDERS): ExecutableSearch {
  const listings = new Map<string, { changedMs: number; names: string[] }>();

  function programs(): string[] {
    const found: string[] = [];
    for (const folder of folders) {
      const changedMs = statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
      if (changedMs === undefined) continue;
      let listing = listings.get(folder);
      if (listing?.changedMs !== changedMs) {
        listing = { changedMs, names: namesIn(folder) };
        listings.set(folder, listing);
      }
      for (const name of listing.names) found.push(`${folder}/${name}`);
    }
    return found;
  }

  let lastRules: readonly LimitRule[] | undefined;
  let lastPaths = "";
  let last: [path: string, rules: LimitRule[]][] = [];

  return {
    find(rules, running) {
      const applications = rules.filter(({ target }) => target.kind === "application");
      if (applications.length === 0) return [];
      const candidates = new Set([...exactPaths(applications), ...running]);
      const listed = programs();
      const version = `${listed.length} ${[...candidates].join("\0")}`;
      if (rules !== lastRules || version !== lastPaths) {
        last = [...candidates, ...listed].map((path) => [path, rulesOf(path, applications)]);
        last = last.filter(([, found]) => found.length > 0).slice(0, EXECUTABLE_LIMIT);
        lastRules = rules;
        lastPaths = version;
      }
      const files = new Map<string, ExecutableFile>();
      for (const [path, found] of last) {
        const file = readExecutable(path);
        if (file !== undefined) files.set(`${file.inode} ${file.bytes}`, { ...file, rules: found });
      }
      return [...files.values()];
    },
  };
}

function rulesOf(path: string, rules: readonly LimitRule[]): LimitRule[] {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const program = { key: `path:${path}`, name, path };
  return rules.filter(
    ({ target }) => target.kind === "application" && applicationFits(target.pattern, program),
  );
}

/** "/usr/bin/curl" and "path:/usr/bin/curl". */
function exactPaths(rules: readonly LimitRule[]): string[] {
  const found: string[] = [];
  for (const { target } of rules) {
    if (target.kind !== "application" || isGlob(target.pattern)) continue;
    const path = target.pattern.replace(/^path:/, "");
    if (path.startsWith("/")) found.push(path);
  }
  return found;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
