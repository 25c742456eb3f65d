/** Makes the daemon's folders, and refuses those that another user could have prepared as a trap. */

import { accessSync, constants, lstatSync, mkdirSync, rmdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { MonitauriError } from "../model/error.ts";

const OTHERS_MAY_WRITE = 0o022;

export interface FolderOptions {
  /** Of the folder, where it has to be made. */
  readonly mode: number;
  readonly uid: number;
  /** The user named this folder: whom it belongs to and who else may write to it is then the user's decision. */
  readonly chosen: boolean;
}

/**
 * Makes sure that the folder exists, belongs to us and can be written to. Disposing removes it again if it was made
 * here and holds nothing.
 * @throws MonitauriError "forbidden" or "failed", with what to do.
 */
export function prepareFolder(path: string, options: FolderOptions): Disposable {
  const made = makeFolder(path, options.mode);
  if (!options.chosen) checkOwner(path, options.uid);
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new MonitauriError("forbidden", `Cannot write to ${path}. ${REMEDY}`, { cause });
  }
  return {
    [Symbol.dispose]() {
      if (made !== undefined) removeIfEmpty(path, made);
    },
  };
}

/** Whether a folder is one that a command of this user may trust; one that does not exist harms nobody. */
export function isTrusted(path: string, uid: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found === undefined || (found.isDirectory() && (found.uid === uid || found.uid === 0));
}

const REMEDY = "Choose another folder with --data, or start as the user that it belongs to";

/** The first folder that had to be made on the way to this one; undefined where all were there. */
function makeFolder(path: string, mode: number): string | undefined {
  try {
    return makeMissing(resolve(path), mode);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason =
      code === "EEXIST" || code === "ENOTDIR"
        ? "there is a file of that name"
        : code === "ENOENT"
          ? "this file system takes no folders"
          : message;
    throw new MonitauriError("failed", `Cannot make the folder ${path}: ${reason}. ${REMEDY}`, {
      cause,
    });
  }
}

// Not mkdirSync()'s `recursive`: where the kernel answers ENOENT although the parent is there, as in /proc, that one
// tries again for ever.
function makeMissing(path: string, mode: number): string | undefined {
  if (isFolder(path)) return undefined;
  const parent = dirname(path);
  const first = parent === path ? undefined : makeMissing(parent, mode);
  mkdirSync(path, { mode });
  return first ?? path;
}

// A symbolic link to a folder is one too; checkOwner() looks at it.
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

// In /tmp anybody can make /tmp/monitauri-1000 first, as a folder of theirs or a link to one of ours.
function checkOwner(path: string, uid: number): void {
  const found = lstatSync(path);
  const problem = found.isSymbolicLink()
    ? "it is a symbolic link"
    : !found.isDirectory()
      ? "it is no folder"
      : found.uid !== uid
        ? `it belongs to user ${found.uid}`
        : (found.mode & OTHERS_MAY_WRITE) !== 0
          ? "other users may write to it"
          : undefined;
  if (problem === undefined) return;
  throw new MonitauriError(
    "forbidden",
    `Cannot use ${path}: ${problem}. Remove it, or choose another folder with --data`,
  );
}

function removeIfEmpty(path: string, first: string): void {
  try {
    rmdirSync(path);
    if (path !== first && path.startsWith(first)) removeIfEmpty(dirname(path), first);
  } catch {
    // Something is kept in it, or it is gone already.
  }
}
