/** Reads config.toml. */

import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { type Config, parseConfig } from "../model/config.ts";
import { MonitauriError } from "../model/error.ts";

/** The defaults where there is no file. @throws MonitauriError "invalid" that names the file and what is wrong in it. */
export function readConfigFile(path: string): Config {
  const text = readText(path);
  if (text === undefined) return parseConfig({});
  try {
    return parseConfig(parse(text));
  } catch (cause) {
    // The parser's message goes on with an excerpt over several lines; the first names the place.
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new MonitauriError("invalid", `Cannot use ${path}: ${reason}`, { cause });
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new MonitauriError("failed", `Cannot read ${path}: ${message}`, { cause });
  }
}
