// Lets one process at a time install or build in a checkout: `npm start` in one terminal and a command in another
// would otherwise remove each other's files.
import { chownSync, closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 100;
/** A file without a pid for so long is of a process that died between making and writing it. */
const EMPTY_MS = 2000;

/** Waits for its turn; the function that comes back ends it. The turn of a process that died is free. */
export async function takeTurn(root) {
  const file = join(root, ".bootstrap-lock");
  let told = false;
  for (;;) {
    if (tryTake(file, root)) return () => rmSync(file, { force: true });
    const holder = holderOf(file);
    if (holder === undefined ? isOld(file) : !isAlive(holder)) {
      rmSync(file, { force: true });
      continue;
    }
    if (holder === undefined) {
      await sleep(POLL_MS);
      continue;
    }
    if (!told)
      console.error(`monitauri: waiting for process ${holder}, which installs or builds here ...`);
    told = true;
    await sleep(POLL_MS);
  }
}

function tryTake(file, root) {
  try {
    const fd = openSync(file, "wx");
    writeSync(fd, String(process.pid));
    closeSync(fd);
    const { uid, gid } = statSync(root);
    if (process.getuid?.() === 0) chownSync(file, uid, gid);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    if (error.code === "EACCES" || error.code === "EROFS") return true; // what follows says so better
    throw error;
  }
}

/** undefined: it is gone, or its owner has not written its pid yet. */
function holderOf(file) {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isOld(file) {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > EMPTY_MS;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
