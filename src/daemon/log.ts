/** The daemon's log: one line per event on stderr, with a level and the time. */

import { LOG_LEVELS, type LogLevel } from "../model/config.ts";

export interface Log {
  /** Lines less urgent than this are left out; may change while running. */
  level: LogLevel;
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
  /** A warning that is said once for each distinct `key`: a fault that repeats every second must not flood. */
  warnOnce(key: string, message: string): void;
}

/** Distinct warnings remembered; when there are more, the memory starts anew and they are said again. */
const MAX_REMEMBERED = 200;

export function createLog(write: (line: string) => void, now: () => number = Date.now): Log {
  const said = new Set<string>();
  const at = (level: LogLevel) => (message: string) => {
    if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(log.level)) return;
    const time = new Date(now()).toISOString().slice(0, 19).replace("T", " ");
    write(`${time}Z ${level}: ${message}\n`);
  };
  const log: Log = {
    level: "info",
    error: at("error"),
    warn: at("warn"),
    info: at("info"),
    debug: at("debug"),
    warnOnce(key, message) {
      if (said.has(key)) return;
      if (said.size >= MAX_REMEMBERED) said.clear();
      said.add(key);
      log.warn(message);
    },
  };
  return log;
}
