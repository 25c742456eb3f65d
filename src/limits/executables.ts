/** Files that application rules name, so that a program is under its rule from its first packet. */

import { readdirSync, realpathSync, statSync } from "node:fs";
import type { LimitRule } from "../model/limit.ts";
import { applicationFits, isGlob } from "../model/limit-match.ts";
import { widestFirst } from "./keys.ts";
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

export interface FoundExecutables {
  readonly files: readonly ExecutableFile[];
  /** Rules by the real path of an executable: "python3" is a link to "python3.11". The same object while nothing changes. */
  readonly byPath: ReadonlyMap<string, readonly LimitRule[]>;
}

export interface ExecutableSearch {
  /** Files whose programs are under these application rules; `running`: paths that are known besides. */
  find(rules: readonly LimitRule[], running: ReadonlySet<string>): FoundExecutables;
}

/** Looks into a folder again only when it has changed. */
export function createExecutableSearch(folders: readonly string[] = FOLDERS): ExecutableSearch {
  const listings = new Map<string, { changedMs: number; names: string[] }>();
  let lastRules: readonly LimitRule[] | undefined;
  let lastVersion = "";
  let byPath: ReadonlyMap<string, readonly LimitRule[]> = new Map();

  /** What has changed since, as a text. */
  function readFolders(): string {
    for (const folder of folders) {
      const changedMs = statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
      if (changedMs === undefined) listings.delete(folder);
      else if (listings.get(folder)?.changedMs !== changedMs)
        listings.set(folder, { changedMs, names: namesIn(folder) });
    }
    return [...listings.values()].map(({ changedMs }) => changedMs).join();
  }

  function search(rules: readonly LimitRule[], running: ReadonlySet<string>) {
    const found = new Map<string, Set<LimitRule>>();
    const add = (path: string, rule: LimitRule) => {
      const real = realPath(path);
      if (real === undefined || (found.size >= EXECUTABLE_LIMIT && !found.has(real))) return;
      found.set(real, (found.get(real) ?? new Set()).add(rule));
    };
    const names = new Map<string, string[]>();
    for (const [folder, listing] of listings) {
      for (const name of listing.names)
        names.set(name, [...(names.get(name) ?? []), `${folder}/${name}`]);
    }
    for (const rule of rules) {
      if (rule.target.kind !== "application") continue;
      const pattern = rule.target.pattern.replace(/^path:/, "");
      if (!isGlob(pattern)) {
        for (const path of pattern.startsWith("/") ? [pattern] : (names.get(pattern) ?? []))
          add(path, rule);
        continue;
      }
      for (const path of running) if (fits(rule.target.pattern, path)) add(path, rule);
      for (const paths of names.values())
        for (const path of paths) if (fits(rule.target.pattern, path)) add(path, rule);
    }
    return new Map([...found].map(([path, list]) => [path, [...list].sort(widestFirst)]));
  }

  return {
    find(rules, running) {
      const version = `${readFolders()} ${[...running].join("\0")}`;
      if (rules !== lastRules || version !== lastVersion)
        byPath = keep(byPath, search(rules, running));
      lastRules = rules;
      lastVersion = version;
      const files = new Map<string, ExecutableFile>();
      for (const [path, found] of byPath) {
        const file = readExecutable(path);
        if (file !== undefined) files.set(`${file.inode} ${file.bytes}`, { ...file, rules: found });
      }
      return { files: [...files.values()], byPath };
    },
  };
}

function fits(pattern: string, path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return applicationFits(pattern, { key: `path:${path}`, name, path });
}

/** The old object where both say the same. */
function keep(
  old: ReadonlyMap<string, readonly LimitRule[]>,
  fresh: ReadonlyMap<string, readonly LimitRule[]>,
): ReadonlyMap<string, readonly LimitRule[]> {
  const isSame =
    old.size === fresh.size &&
    [...fresh].every(([path, rules]) => {
      const before = old.get(path);
      return before?.length === rules.length && rules.every((rule, at) => rule === before[at]);
    });
  return isSame ? old : fresh;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
