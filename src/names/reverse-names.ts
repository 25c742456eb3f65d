/**
 * Names by reverse look-up, for remote addresses that nothing else names. Off unless configured: it is the one question that
 * Monitauri itself asks others, and who runs the address's name server may say any name.
 *
 * Nothing waits for an answer: a name is there the next time that somebody asks. Few questions a second, few at a time,
 * answers and failures remembered; a name server that does not answer is left alone for a while.
 */

import { Resolver } from "node:dns/promises";
import type { HostName } from "../model/naming.ts";
import type { Bound } from "../model/snapshot.ts";
import { hostName } from "./host-name.ts";
import { RecentMap } from "./recent-map.ts";

/** Addresses with an answer, or with the knowledge that there is none. */
export const REVERSE_LIMIT = 10_000;
/** Addresses that wait to be asked for; what comes then is asked for when it is seen again. */
export const QUEUE_LIMIT = 256;
export const PER_SECOND = 5;
export const AT_A_TIME = 4;
const NAMES_LIMIT = 8;
const TIMEOUT_MS = 2_000;
const KEPT_MS = 60 * 60_000;
const NONE_KEPT_MS = 10 * 60_000;
/** Answers that fail to come, in a row, until nothing is asked for a while. */
const SILENT_LIMIT = 5;
const SILENT_MS = 60_000;

export interface ReverseOptions {
  /** Where not given, the system's; "192.0.2.1:5353". */
  readonly servers?: readonly string[];
  /** Names of an address. Rejects with a `code` as node:dns does. */
  readonly reverse?: (address: string) => Promise<readonly string[]>;
}

export interface ReverseNames {
  /** The name that is known; where none is, it will be asked for. */
  nameOf(address: string, atMs: number): HostName | undefined;
  /** Asks for what waits, as much as may be asked now; called once a tick. */
  ask(atMs: number): void;
  readonly bounds: readonly Bound[];
  /** Questions asked since the start. */
  readonly asked: number;
  close(): void;
}

interface Known {
  readonly host: HostName | undefined;
  readonly untilMs: number;
}

export function createReverseNames(options: ReverseOptions = {}): ReverseNames {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
  if (options.servers !== undefined) resolver.setServers(options.servers);
  const reverse = options.reverse ?? ((address) => resolver.reverse(address));
  const known = new RecentMap<string, Known>(REVERSE_LIMIT);
  const waiting = new Set<string>();
  let underWay = 0;
  let asked = 0;
  let allowance = 0;
  let lastMs: number | undefined;
  let silent = 0;
  let quietUntilMs = 0;
  let isClosed = false;

  function nameOf(address: string, atMs: number): HostName | undefined {
    const found = known.get(address);
    if (found !== undefined && found.untilMs > atMs) return found.host;
    if (waiting.size < QUEUE_LIMIT) waiting.add(address);
    return found?.host; // an old name is better than none until the new one comes
  }

  function ask(atMs: number): void {
    const passedMs = Math.max(0, atMs - (lastMs ?? atMs));
    lastMs = atMs;
    allowance = Math.min(PER_SECOND, allowance + (passedMs / 1000) * PER_SECOND);
    for (const address of waiting) {
      if (isClosed || atMs < quietUntilMs || underWay >= AT_A_TIME || allowance < 1) return;
      waiting.delete(address);
      allowance -= 1;
      void askFor(address, atMs);
    }
  }

  async function askFor(address: string, atMs: number): Promise<void> {
    underWay += 1;
    asked += 1;
    try {
      const names = await reverse(address);
      silent = 0;
      known.set(address, { host: hostOf(names), untilMs: atMs + KEPT_MS });
    } catch (error) {
      known.set(address, { host: undefined, untilMs: atMs + NONE_KEPT_MS });
      // That there is no such name is an answer.
      silent = ANSWERS.has((error as NodeJS.ErrnoException).code ?? "") ? 0 : silent + 1;
      if (silent >= SILENT_LIMIT) quietUntilMs = atMs + SILENT_MS;
    } finally {
      underWay -= 1;
    }
  }

  return {
    nameOf,
    ask,
    get asked() {
      return asked;
    },
    get bounds() {
      return [
        {
          name: "addresses with a reverse look-up",
          used: known.size,
          limit: REVERSE_LIMIT,
          whenFull: "the one that was used longest ago is forgotten",
        },
        {
          name: "reverse look-ups that wait",
          used: waiting.size,
          limit: QUEUE_LIMIT,
          whenFull: "further addresses are asked for when they are seen again",
        },
      ];
    },
    close() {
      isClosed = true;
      waiting.clear();
      resolver.cancel();
    },
  };
}

const ANSWERS = new Set(["ENOTFOUND", "ENODATA"]);

/** What is no host name is refused, as everywhere. */
function hostOf(names: readonly string[]): HostName | undefined {
  const valid = names
    .slice(0, NAMES_LIMIT)
    .map((name) => hostName(name))
    .filter((name) => name !== undefined);
  const [name, ...alternatives] = [...new Set(valid)].sort();
  return name === undefined ? undefined : { name, source: "reverse", alternatives };
}
