/** The composition root: puts the parts together in the order that safety asks for, and takes them apart in reverse.
 *
 * START-UP ORDER CONTRACT. Each step may rely on the ones before it; a failing step undoes them.
 *  1. Configuration. A mistake in it is found before anything is touched.
 *  2. Folders. Made private, or checked: another user could have prepared them.
 *  3. Lock of the data folder. From here on nobody else writes there, so that what a killed daemon left may be removed.
 *  4. Sampling thread. Attaches the kernel programs and returns with the first sample: the API never answers without one.
 *  5. API on its socket. A daemon that answers is a daemon that counts.
 * Shut-down is the reverse: first nobody asks any more, then the kernel programs go, last the lock. */

import { listenOnSocket } from "../api/listen.ts";
import { createApp } from "../api/routes.ts";
import type { Config } from "../model/config.ts";
import type { Monitauri } from "../model/monitauri.ts";
import { groupId, readPrivileges } from "../native/privileges.ts";
import { readConfigFile } from "./config-file.ts";
import { diagnose } from "./diagnosis.ts";
import { prepareFolder } from "./folders.ts";
import { takeLock } from "./lock.ts";
import type { Log } from "./log.ts";
import { createMonitauri } from "./monitauri.ts";
import type { Places } from "./places.ts";
import { lockMethod } from "./platform.ts";
import { type Sampling, startSampling } from "./sampling.ts";

export interface DaemonOptions {
  readonly version: string;
  readonly places: Places;
  /** The user named the data folder. */
  readonly chosen: boolean;
  /** Stronger than the configuration's. */
  readonly intervalMs?: number | undefined;
  /** File of the sampling thread. */
  readonly worker: URL;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Daemon extends AsyncDisposable {
  readonly monitauri: Monitauri;
  readonly sampling: Sampling;
  readonly startedAtMs: number;
  /** Reads the configuration again. @throws MonitauriError "invalid"; the old one then stays. */
  reload(): Config;
}

/** @throws MonitauriError; nothing is left behind then. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { version, places, log } = options;
  const privileges = readPrivileges();
  await using starting = new AsyncDisposableStack();

  const config = readConfigFile(places.config);
  log.level = config.logLevel;

  prepareFolders(starting, options, privileges.uid);
  starting.use(await takeLock(places.lock, { method: lockMethod }));

  const startedAtMs = Date.now();
  const sampling = await startSampling({
    worker: options.worker,
    intervalMs: options.intervalMs ?? config.intervalMs,
    log,
  });
  starting.defer(() => sampling.close());

  const monitauri = createMonitauri({
    sampling,
    version,
    privileged: privileges.root,
    startedAtMs,
    findings: () => diagnose(places.config),
  });
  const app = createApp(monitauri, { version, onBug: (error) => log.error(stackOf(error)) });
  starting.use(
    await listenOnSocket((request) => app.fetch(request), {
      path: places.socket,
      gid: socketGroup(privileges.root, options.env),
    }),
  );

  const owned = starting.move();
  return {
    monitauri,
    sampling,
    startedAtMs,
    reload: () => reload(options, sampling),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function prepareFolders(
  starting: AsyncDisposableStack,
  { places, chosen }: DaemonOptions,
  uid: number,
): void {
  // History tells what everybody on the machine does: the data folder is the daemon's alone. The runtime folder of
  // root can be entered, so that the socket's group reaches the socket; so can a folder that holds both.
  const separate = places.runtime !== places.data;
  const runtimeMode = uid === 0 ? 0o755 : 0o700;
  starting.use(prepareFolder(places.data, { mode: separate ? 0o700 : runtimeMode, uid, chosen }));
  if (separate) starting.use(prepareFolder(places.runtime, { mode: runtimeMode, uid, chosen }));
}

/** Who besides the owner may ask: the group made for it, else whoever started this with sudo, else root's. */
function socketGroup(root: boolean, env: DaemonOptions["env"]): number | undefined {
  if (!root) return undefined;
  const invoker = env.SUDO_GID;
  return (
    groupId("monitauri") ?? (invoker !== undefined && /^\d+$/.test(invoker) ? Number(invoker) : 0)
  );
}

function reload(options: DaemonOptions, sampling: Sampling): Config {
  const config = readConfigFile(options.places.config);
  options.log.level = config.logLevel;
  const intervalMs = options.intervalMs ?? config.intervalMs;
  if (intervalMs !== sampling.intervalMs()) sampling.setInterval(intervalMs);
  return { ...config, intervalMs };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
