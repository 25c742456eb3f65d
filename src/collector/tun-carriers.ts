/** Finds the processes that carry a tunnel: they hold /dev/net/tun for it. */

import { readFileSync } from "node:fs";
import { advance, type OpenFile, openFiles } from "./proc-files.ts";

export interface TunCarriers {
  /** Pids by interface name, as far as they are known now. Works on the search for a few milliseconds at most and goes
   * on with it in the next call. */
  read(names: ReadonlySet<string>): ReadonlyMap<string, readonly number[]>;
}

export interface TunCarriersOptions {
  readonly files?: () => Iterator<OpenFile, void>;
  /** The "iff:" line is in /proc/PID/fdinfo/N. */
  readonly fileInfo?: (file: OpenFile) => string;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
}

/** From the end of one search to the start of the next. */
const PAUSE_MS = 10_000;
const BUDGET_MS = 5;

export function createTunCarriers(options: TunCarriersOptions = {}): TunCarriers {
  const files = options.files ?? openFiles;
  const fileInfo = options.fileInfo ?? readFileInfo;
  const clock = options.clock ?? (() => performance.now());
  let known: ReadonlyMap<string, readonly number[]> = new Map();
  let search: { walk: Iterator<OpenFile, void>; found: Map<string, number[]> } | undefined;
  let nextMs = Number.NEGATIVE_INFINITY;

  function read(names: ReadonlySet<string>): ReadonlyMap<string, readonly number[]> {
    if (names.size === 0) {
      search = undefined;
      known = new Map();
      return known;
    }
    if (!search && clock() >= nextMs) search = { walk: files(), found: new Map() };
    if (search) {
      const { walk, found } = search;
      if (advance(walk, (file) => note(file, found), BUDGET_MS)) {
        known = found;
        search = undefined;
        nextMs = clock() + PAUSE_MS;
      }
    }
    return known;
  }

  function note(file: OpenFile, found: Map<string, number[]>): void {
    if (file.target !== "/dev/net/tun") return;
    // Written by tun_chr_show_fdinfo() of drivers/net/tun.c since Linux 3.16.
    const name = /^iff:\t(.+)$/m.exec(fileInfo(file))?.[1];
    if (name === undefined) return;
    const pids = found.get(name) ?? [];
    if (!pids.includes(file.pid)) pids.push(file.pid);
    found.set(name, pids);
  }

  return { read };
}

function readFileInfo(file: OpenFile): string {
  try {
    return readFileSync(`/proc/${file.pid}/fdinfo/${file.descriptor}`, "utf8");
  } catch {
    return ""; // closed meanwhile
  }
}
