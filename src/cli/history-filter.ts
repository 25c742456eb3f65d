/** Options that leave only a part of the past, and what they mean to the store. */

import type { Command } from "commander";
import { MonitauriError } from "../model/error.ts";
import {
  HISTORY_SCOPES,
  type HistoryFilter,
  type HistoryScope,
  type HistoryTraffic,
  MAX_TOP,
  type Period,
} from "../model/history.ts";
import type { Monitauri } from "../model/monitauri.ts";

export interface FilterOptions {
  readonly app?: readonly string[];
  readonly process?: readonly string[];
  readonly remote?: readonly string[];
  readonly country?: readonly string[];
  readonly protocol?: readonly string[];
  readonly user?: readonly string[];
  readonly interface?: readonly string[];
  readonly container?: readonly string[];
  readonly scope?: readonly string[];
  readonly port?: readonly string[];
  readonly direction?: readonly string[];
}

export function filterOptions(command: Command): Command {
  const add = (flags: string, what: string) => command.option(flags, what, collect);
  add("--app <name>", "only this application (like the next ones several times, or with commas)");
  add("--process <pid>", "only this process, or all of this name");
  add("--remote <host>", "only this host");
  add("--country <code>", "only this country, as DE");
  add("--protocol <name>", "only this protocol, as tls or dns");
  add("--user <name>", "only this user");
  add("-i, --interface <name>", "only this interface");
  add("--container <name>", "only this container");
  add("--scope <kind>", `${SCOPE_WORDS.join(", ")} or other`);
  add("--port <number>", "only this port of a service");
  return add("--direction <kind>", "out: opened by this machine; in: by the other side");
}

/** "networks" and "all" are no scopes of their own. */
const SCOPE_WORDS = ["networks", "all", "internet", "lan", "vpn", "loopback"] as const;

/** What --scope asks for. */
export interface AskedScope {
  readonly scopes: readonly HistoryScope[] | undefined;
  /** undefined: loopback as well. */
  readonly traffic: HistoryTraffic | undefined;
}

/** As on the page: loopback traffic is only there where somebody asks for it. @throws MonitauriError "invalid". */
export function scopeOf({ scope = ["networks"] }: FilterOptions): AskedScope {
  const isOf = (word: string) => scope.includes(word);
  const known = HISTORY_SCOPES.filter(isOf);
  const wrong = scope.find(
    (word) => ![...SCOPE_WORDS, ...HISTORY_SCOPES].some((one) => one === word),
  );
  if (wrong !== undefined) {
    throw new MonitauriError(
      "invalid",
      `Cannot show the scope "${wrong}": there are ${SCOPE_WORDS.join(", ")} and other`,
    );
  }
  const isLoopback = isOf("all") || isOf("loopback");
  if (isOf("all") || isOf("networks")) {
    return { scopes: undefined, traffic: isLoopback ? undefined : "networks" };
  }
  if (known.length === 1 && isLoopback) return { scopes: undefined, traffic: "loopback" };
  return { scopes: known, traffic: isLoopback ? undefined : "networks" };
}

/** Programs are called by their name; the store knows them by a key. @throws MonitauriError "not-found". */
export async function filterFor(
  daemon: Pick<Monitauri, "history">,
  options: FilterOptions,
  { fromMs, toMs }: Period,
): Promise<HistoryFilter | undefined> {
  const { app, remote, country, protocol, user, container, port, direction } = options;
  const given = Object.entries({
    process: options.process,
    remote,
    country: country?.map((code) => code.toUpperCase()),
    protocol,
    user,
    interface: options.interface,
    container,
    scope: scopeOf(options).scopes,
    port,
    direction,
  }).flatMap(([by, keys]) => (keys === undefined ? [] : [[by, keys.map(keyOf)] as const]));
  if (app !== undefined) {
    const { rows } = await daemon.history({ fromMs, toMs, groupBy: "application", top: MAX_TOP });
    given.push(["application", app.flatMap((name) => applicationKeys(rows, name))]);
  }
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

function applicationKeys(
  rows: readonly { readonly key: string; readonly name: string }[],
  name: string,
): string[] {
  const wanted = name.toLowerCase();
  const exact = rows.filter((row) => row.key === name || row.name.toLowerCase() === wanted);
  const found =
    exact.length > 0 ? exact : rows.filter((row) => row.name.toLowerCase().includes(wanted));
  if (found.length > 0) return found.map(({ key }) => key);
  throw new MonitauriError(
    "not-found",
    `Cannot show "${name}": no application of that name used the network in this period. ` +
      "See which did: the same command without --app",
  );
}

/** What the table calls unknown has no name in the store. */
function keyOf(text: string): string {
  return text.toLowerCase() === "unknown" ? "" : text;
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(",").filter((part) => part !== "")];
}
