/** The composition root: puts the parts together in the order that safety asks for, and takes them apart in reverse.
 *
 * START-UP ORDER CONTRACT. Each step may rely on the ones before it; a failing step undoes them.
 *  1. Configuration. A mistake in it is found before anything is touched.
 *  2. Folders. Made private, or checked: another user could have prepared them.
 *  3. Lock of the data folder. From here on nobody else writes there, so that what a killed daemon left may be removed.
 *  4. History thread. Before sampling, so that the first tick is kept; nobody waits for it, and it may fail.
 *     Delivery of alerts, then alerts: what was found is sent on, what was not sent waits in the queue's file.
 *  5. Sampling thread. Attaches the kernel programs and returns with the first sample: the API never answers without one.
 *  6. Limits. What the rules say holds before anybody asks; what a killed daemon left in the kernel is taken over or removed.
 *  7. API on its socket, then the page on its port. A daemon that answers is a daemon that counts.
 * Shut-down is the reverse: first nobody asks any more, then the kernel programs go, then what they counted last
 * is written, last the lock. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { type Access, createAccess, type SavedAccess } from "../api/access.ts";
import type { Door } from "../api/guard.ts";
import { listenOnSocket } from "../api/listen.ts";
import { listenOnPort, type PortListener } from "../api/listen-port.ts";
import { findPage } from "../api/page.ts";
import { createApp } from "../api/routes.ts";
import type { Config } from "../model/config.ts";
import { MonitauriError } from "../model/error.ts";

import type { Invitation, Monitauri } from "../model/monitauri.ts";
import { type Peer, userOfPeer } from "../native/peer-user.ts";
import { groupId, groupMembers, readPrivileges } from "../native/privileges.ts";
import { noteAccess, readAccess, saveAccess } from "./access-file.ts";
import { startDelivery } from "./alert-delivery.ts";
import { createAlerts } from "./alerts.ts";
import { readConfigFile } from "./config-file.ts";
import { diagnose } from "./diagnosis.ts";
import { prepareFolder } from "./folders.ts";
import { type History, startHistory } from "./history.ts";
import { createLimitFacts } from "./limit-facts.ts";
import { createLimits, type DaemonLimits } from "./limits.ts";
import { createLiveFeed } from "./live-feed.ts";
import { takeLock } from "./lock.ts";
import type { Log } from "./log.ts";
import { metricsText } from "./metrics.ts";
import { createMonitauri } from "./monitauri.ts";
import { limitedProcess, ownProgram, processStart } from "./own-program.ts";
import type { Places } from "./places.ts";
import { lockMethod, openLimiter } from "./platform.ts";
import { createProblems } from "./problems.ts";
import { type Sampling, startSampling } from "./sampling.ts";
import { createSeriesBook } from "./series.ts";
import { sessionBehind } from "./session-path.ts";

export interface DaemonOptions {
  readonly version: string;
  readonly places: Places;
  /** The user named the data folder. */
  readonly chosen: boolean;
  /** Stronger than the configuration's. */
  readonly intervalMs?: number | undefined;
  /** Of the page; stronger than the configuration's. 0: any that is free. */
  readonly port?: number | undefined;
  /** Where the page was built. */
  readonly pageFolder: string;
  /** File of the sampling thread. */
  readonly worker: URL;
  /** File of the history thread. */
  readonly historyWorker: URL;
  readonly log: Log;
  /** What enforces limits, where it is not this machine's. */
  readonly openLimiter?: typeof openLimiter;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Daemon extends AsyncDisposable {
  readonly monitauri: Monitauri;
  readonly sampling: Sampling;
  /** After the end: whether the history was saved; undefined: it is switched off. */
  historySaved(): boolean | undefined;
  readonly startedAtMs: number;
  /** Port of the page; undefined: none is served. */
  readonly port: number | undefined;
  /** The usual port was taken, so that it is another. */
  readonly portMoved: boolean;
  /** Reads the configuration again. @throws MonitauriError "invalid"; the old one then stays. */
  reload(): Config;
}

/** Schedules turn at whole minutes, and confirmations wait for seconds. */
const LIMITS_TICK_MS = 1_000;
/** Comes along with the program: data/README.md. */
const NETWORKS_FILE = fileURLToPath(new URL("../../data/networks.bin", import.meta.url));

/** @throws MonitauriError; nothing is left behind then but the history. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { version, places, log } = options;
  const privileges = readPrivileges();
  await using starting = new AsyncDisposableStack();

  const config = readConfigFile(places.config);
  log.level = config.logLevel;

  prepareFolders(starting, options, privileges.uid);
  starting.use(await takeLock(places.lock, { method: lockMethod }));

  const startedAtMs = Date.now();
  const intervalMs = options.intervalMs ?? config.intervalMs;
  const feed = createLiveFeed({ intervalMs });
  const history = config.history ? historyOf(options, config) : undefined;
  let historySaved: boolean | undefined;
  starting.defer(async () => {
    historySaved = await history?.close();
  });
  let { alertCommandUsers } = config;
  const delivery = await startDelivery({
    places,
    log,
    uid: privileges.uid,
    env: options.env,
    commandUsers: () => alertCommandUsers,
  });
  starting.defer(() => delivery.close());
  let counting: Sampling | undefined;
  const findProblems = createProblems();
  let limits: DaemonLimits | undefined;
  const limitFacts = createLimitFacts({ list: () => limits?.limits(), now: Date.now });
  const alerts = createAlerts({
    path: places.alerts,
    delivery,
    history,
    log,
    limits: limitFacts.facts,
    problems: () =>
      findProblems({
        threads: [counting, history].flatMap((part) => part?.thread() ?? []),
        health: counting?.latest()?.health,
        nowMs: performance.now(),
      }),
  });
  starting.defer(() => alerts.close());
  const series = createSeriesBook();
  const sampling = await startSampling({
    worker: options.worker,
    intervalMs,
    naming: {
      isOn: config.names,
      networksFile: config.networks ?? NETWORKS_FILE,
      reverseDns: config.reverseDns,
    },
    log,
    onSample(sample, totals, tick) {
      history?.keep(tick);
      feed.publish(sample, totals.sums());
      series.add(sample);
      limits?.onSample(sample);
      alerts.take(sample, tick);
    },
  });
  counting = sampling;
  starting.defer(() => sampling.close());
  limits = createLimits({
    path: places.limits,
    limiter: await (options.openLimiter ?? openLimiter)({
      journal: places.limitsJournal,
      processes: async () => (await sampling.ask("ps", { by: "process" })).flatMap(limitedProcess),
      onFault: (message) => log.warnOnce(`limits: ${message}`, message),
    }),
    sampling,
    history,
    log,
    startedAtMs,
    self: ownProgram(),
    startOf: processStart,
    onNotice: limitFacts.notice,
  });
  starting.use(await keepLimits(limits, log));

  const kept = readAccess(places.access, log);
  // Pages stay signed in over a clean end alone. After any other, who had the port meanwhile may have a page's token.
  const onlyTokens = ({ tokens }: SavedAccess): SavedAccess => ({ sessions: [], tokens });
  const note = (now: SavedAccess) => noteAccess(places.access, onlyTokens(now), log);
  const access = createAccess({
    saved: kept,
    save: (now) => saveAccess(places.access, onlyTokens(now)),
    note,
  });
  if (kept.sessions.length > 0) note(kept);
  let listener: PortListener | undefined;
  starting.defer(() => {
    const saved = access.saved();
    // Without pages the file has what it should have, or is none.
    if (saved.sessions.length === 0) return;
    noteAccess(places.access, { ...saved, port: listener?.port ?? kept.port }, log);
  });
  const monitauri = createMonitauri({
    sampling,
    feed,
    history,
    alerts,
    delivery: () => delivery.state(),
    limits,
    access,
    invite: () => invite(access, listener?.port),
    version,
    privileged: privileges.root,
    startedAtMs,
    clients: () => listener?.bounds() ?? [],
    findings: () => diagnose(places.config),
  });
  const appFor = (door: Door | undefined): OpenAPIHono =>
    createApp(monitauri, {
      version,
      access,
      liveTexts: feed.readTexts,
      metrics: () => metricsText({ version, startedAtMs, sampling, feed, series }),
      onBug: (error) => log.error(stackOf(error)),
      ...(door === undefined ? {} : { door, page: findPage(options.pageFolder) }),
    });
  const app = appFor(undefined);
  const gid = socketGroup(privileges.root, options.env);
  starting.use(
    await listenOnSocket((request) => app.fetch(request), {
      path: places.socket,
      gid,
    }),
  );
  if (config.page || options.port !== undefined) {
    const serve = (port: number) => {
      const paged = appFor({
        port,
        maySignIn: (peer) => strangerAt(peer, port, gid) === undefined,
        sessionOf: (peer) => sessionBehind(peer, port, sampling.ask),
      });
      return (request: Request, env: object) => paged.fetch(request, env);
    };
    listener = starting.use(
      await listenOnPort(serve, {
        port: options.port ?? config.port,
        strangerAt: (peer, port) => strangerAt(peer, port, gid),
      }),
    );
    // Their tokens were for another address; whoever has that one now may have been told.
    if (listener.port !== kept.port) access.endSessions();
  }
  // Streams end by themselves when the listeners wait for what is under way.
  starting.defer(() => feed.close());

  const owned = starting.move();
  return {
    monitauri,
    sampling,
    historySaved: () => historySaved,
    startedAtMs,
    port: listener?.port,
    portMoved: listener?.moved ?? false,
    reload() {
      const fresh = reload(options, sampling);
      feed.setIntervalMs(fresh.intervalMs);
      history?.applySettings(fresh.historyKeep);
      ({ alertCommandUsers } = fresh);
      return fresh;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function historyOf(
  { historyWorker: worker, places, version, log }: DaemonOptions,
  { historyKeep: settings, csvLog }: Config,
): History {
  const folder = csvLog?.folder ?? join(places.data, "csv");
  const data = {
    path: places.history,
    version,
    ...(csvLog === undefined ? {} : { csvLog: { ...csvLog, folder } }),
  };
  return startHistory({ worker, ...data, settings, log });
}

/** Rules hold before anybody can ask, and are looked at each second. */
async function keepLimits(limits: DaemonLimits, log: Log): Promise<AsyncDisposable> {
  const tick = async () => {
    try {
      await limits.tick();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.warnOnce(`limits: ${message}`, message);
    }
  };
  await tick();
  let isTicking = false;
  const timer = setInterval(() => {
    if (isTicking) return;
    isTicking = true;
    void tick().finally(() => {
      isTicking = false;
    });
  }, LIMITS_TICK_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await limits.close();
    },
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

/** Who is at the other end, where it is none of those who may use the socket. undefined also where the system does not say:
 * then the code alone decides who signs in. */
function strangerAt(
  peer: Peer,
  port: number,
  gid: number | undefined,
): ReturnType<typeof userOfPeer> {
  const uid = userOfPeer(peer, port);
  if (uid === "nobody") return uid;
  if (uid === undefined || uid === 0 || uid === process.geteuid?.()) return undefined;
  return gid !== undefined && groupMembers(gid).includes(uid) ? undefined : uid;
}

function invite(access: Access, port: number | undefined): Invitation {
  if (port === undefined) {
    throw new MonitauriError(
      "unsupported",
      "Cannot open the page: none is served. Remove page = false from config.toml and start again",
    );
  }
  const { code, expiresAtMs } = access.makeCode();
  return { url: `http://127.0.0.1:${port}/#code=${code}`, expiresAtMs };
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
