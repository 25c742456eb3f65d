/** What the daemon itself is called, what processes are, and when processes started: what rules are checked against. */

import { openProcfs, startMsOf } from "../collector/linux/procfs.ts";
import type { LimitedProcess } from "../limits/limiter.ts";
import { applicationOf } from "../model/application.ts";
import type { ProgramNames } from "../model/limit-match.ts";
import type { PsRow } from "../model/monitauri.ts";

/** As its own traffic would be counted. */
export function ownProgram(): ProgramNames {
  const { key, name, path } = applicationOf({
    name: "node",
    path: process.execPath,
    arguments: [process.argv0, ...process.execArgv, ...process.argv.slice(1)],
    container: undefined,
    unit: undefined,
    kernelThread: false,
    parents: [],
    cwd: process.cwd(),
  });
  return { key, name, path };
}

/** As the limiter is told of it; none where it is no process that runs. */
export function limitedProcess(row: PsRow): LimitedProcess[] {
  const { pid, startedAtMs, key, application, path, user, container, unit } = row;
  if (pid === null || !row.running || row.remainder !== null) return [];
  return [{ pid, startedAtMs, key, application, path, user, container, unit }];
}

/** Wall clock; undefined where there is no such process, or no /proc. */
export function processStart(pid: number): number | undefined {
  const procfs = openProcfs();
  const stat = procfs.readStat(pid);
  const bootMs = procfs.bootTimeMs();
  return stat === undefined || bootMs === undefined ? undefined : bootMs + startMsOf(stat);
}
