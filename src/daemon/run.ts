/** The daemon as a process in the foreground: what it says, the signals it obeys, the code it ends with. */

import { closeSync, openSync } from "node:fs";
import { CODE_VALID_MS } from "../api/access.ts";
import { DEFAULT_PORT } from "../api/listen-port.ts";
import { MonitauriError } from "../model/error.ts";
import { formatBytes, formatDuration } from "../model/format.ts";
import type { Invitation } from "../model/monitauri.ts";
import { type Daemon, type DaemonOptions, startDaemon } from "./daemon.ts";
import { createLog } from "./log.ts";
import { pressCounter, watchParent } from "./parent-watch.ts";

/** Shut-down takes less than 2 s; whatever hangs is left to the kernel. */
const STOP_CEILING_MS = 3_000;
const INTERRUPTED = 130;

export interface RunOptions extends Omit<DaemonOptions, "log"> {
  /** How to start with all abilities: "sudo npm start". */
  readonly privilegedCommand: string;
  /** Shows the page to the one who starts the daemon; resolves to false where there is no display. */
  readonly openPage?: ((url: string) => Promise<boolean>) | undefined;
}

/** Runs until told to stop; resolves to the exit code. */
export async function runDaemon(options: RunOptions): Promise<number> {
  // The terminal may go away; that is no reason to stop counting.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  const log = createLog((line) => process.stderr.write(line));
  const stopped = Promise.withResolvers<number>();
  const stop = createStop(stopped.resolve);
  watchSignals(stop, { reload: () => reload(stop.daemon, log) });
  process.on("uncaughtException", (error) => {
    log.error(error.stack ?? error.message);
    stop.request(1);
  });
  const parent = watchParent(() => stop.request(0));
  try {
    const daemon = await startDaemon({ ...options, log });
    await announce(daemon, options);
    stop.started(daemon);
  } catch (error) {
    // What is to be said to the user is said in one piece; a mistake of ours shows where it is.
    const message = error instanceof MonitauriError ? error.message : (error as Error).stack;
    process.stderr.write(`monitauri: ${message}\n`);
    return 1;
  }
  const code = await stopped.promise;
  parent?.[Symbol.dispose]();
  return code;
}

interface Stop {
  readonly daemon: Daemon | undefined;
  /** Closes everything, also when start-up is still going on: then as soon as it is through. */
  request(code: number): void;
  /** Ends the process whatever hangs in it. */
  now(code: number): void;
  started(daemon: Daemon): void;
}

function createStop(onStopped: (code: number) => void): Stop {
  let daemon: Daemon | undefined;
  let requested: number | undefined;
  let end: (code: number) => void = process.exit;

  async function close(running: Daemon): Promise<void> {
    const { sampling, startedAtMs } = running;
    const attached = sampling.latest()?.health.source === "eBPF";
    try {
      await running[Symbol.asyncDispose]();
      process.stdout.write(`${farewell(running, Date.now() - startedAtMs, attached)}\n`);
      onStopped(requested ?? 0);
    } catch (error) {
      process.stderr.write(`monitauri: Cannot stop cleanly: ${(error as Error).stack}\n`);
      onStopped(1);
    }
  }

  const stop: Stop = {
    get daemon() {
      return daemon;
    },
    now: (code) => end(code),
    request(code) {
      if (requested !== undefined) {
        requested = Math.max(requested, code);
        return;
      }
      requested = code;
      // Loaded now, for the case that something hangs: process.exit() would wait for a thread that does.
      import("../native/end-process.ts").then(
        ({ endProcess }) => {
          end = endProcess;
        },
        () => {},
      );
      setTimeout(() => {
        process.stderr.write("monitauri: Not everything closed in time; the kernel cleans up\n");
        stop.now(1);
      }, STOP_CEILING_MS).unref();
      if (daemon !== undefined) void close(daemon);
    },
    started(running) {
      daemon = running;
      if (requested !== undefined) void close(running);
    },
  };
  return stop;
}

function watchSignals(stop: Stop, { reload }: { reload: () => void }): void {
  const presses = pressCounter();
  const hadTerminal = hasTerminal();
  const wish = () => {
    if (presses(performance.now()) > 1) stop.now(INTERRUPTED);
    else stop.request(0);
  };
  process.on("SIGINT", wish);
  process.on("SIGTERM", wish);
  process.on("SIGHUP", () => {
    // A terminal that is closed sends the same signal; who sat there expects what ran in it to end.
    if (hadTerminal && !hasTerminal()) stop.request(0);
    else reload();
  });
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}

function reload(daemon: Daemon | undefined, log: ReturnType<typeof createLog>): void {
  try {
    const config = daemon?.reload();
    if (config === undefined) return;
    log.info(
      `configuration read again: every ${formatDuration(config.intervalMs)}, log level ${config.logLevel}`,
    );
  } catch (error) {
    log.error(`${error instanceof Error ? error.message : error}. The old configuration stays`);
  }
}

async function announce(
  { sampling, monitauri, port, portMoved }: Daemon,
  { version, places, privilegedCommand, openPage }: RunOptions,
): Promise<void> {
  const { source, level } = sampling.latest()?.health ?? { source: "nothing yet", level: "" };
  const every = formatDuration(sampling.intervalMs());
  process.stdout.write(`Monitauri ${version}\nCounting: ${source}, ${level}; every ${every}\n`);
  for (const { feature, reason, remedy } of sampling.passedOver()) {
    const how = process.geteuid?.() === 0 ? remedy : privilegedCommand;
    process.stderr.write(`Limited: no ${feature}: ${reason}.\nTo get it: ${how}\n`);
  }
  const page = port === undefined ? "" : pageLines(await monitauri.invite(), portMoved);
  process.stdout.write(`Socket:   ${places.socket}\n${page}Ctrl-C stops.\n`);
  if (port === undefined || openPage === undefined) return;
  // A code of its own: the printed one stays good for another browser.
  const { url } = await monitauri.invite();
  void openPage(url);
}

function pageLines({ url }: Invitation, portMoved: boolean): string {
  const validFor = formatDuration(CODE_VALID_MS);
  const moved = portMoved ? `; port ${DEFAULT_PORT} is another program's` : "";
  return `Page:     ${url}\n          (works once, within ${validFor}; for a new address: monitauri open${moved})\n`;
}

function farewell({ sampling, historySaved }: Daemon, ranMs: number, attached: boolean): string {
  const { rxBytes, txBytes } = sampling.totals.sum();
  const counted = `${formatBytes(rxBytes)} down, ${formatBytes(txBytes)} up counted`;
  const detached = attached ? "; kernel programs detached" : "";
  const saved = historySaved();
  const history =
    saved === undefined ? "" : saved ? "; history saved" : "; history NOT saved in full";
  return `Stopped after ${formatDuration(ranMs)}: ${counted}${detached}${history}`;
}
