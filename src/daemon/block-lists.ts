/** Reads block lists that rules name: files when they have changed, https addresses once a day. In pieces, so that a long
 * list holds up nothing; nothing is fetched but what a rule names. */

import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { createBlockListReader, MAX_LIST_BYTES } from "../alerts/block-list.ts";
import type { ListMatch } from "../alerts/turn.ts";
import { MonitauriError } from "../model/error.ts";
import { type FetchTextOptions, fetchText } from "./fetch-text.ts";
import type { Log } from "./log.ts";

const FILE_EVERY_MS = 30_000;
const FETCH_EVERY_MS = 24 * 3_600_000;
/** After a failure. */
const FETCH_AGAIN_MS = 15 * 60_000;
/** A list that somebody tries is remembered for this long, and waited for so long. */
const TRIED_MS = 600_000;
const TRIED_WAIT_MS = 5_000;
const PIECE_BYTES = 64 * 1024;

export interface BlockLists {
  /** Names those that are wanted; others are forgotten. Never waits. */
  want(lists: readonly string[], atMs: number): void;
  /** undefined: not read yet, or it cannot be. */
  match(list: string): ListMatch | undefined;
  /** Why one that is wanted cannot be used as it should, as a sentence. */
  trouble(list: string): string | undefined;
  /** Also of one that no rule wants yet; the last is remembered for a while. @throws MonitauriError "failed", or "busy"
   * where it takes longer than somebody waits. */
  read(list: string): Promise<ListMatch>;
  /** What cannot be used, as sentences. */
  troubles(): readonly string[];
}

interface Entry {
  match: ListMatch | undefined;
  version: string;
  /** Monotonic. */
  nextMs: number;
  trouble: string | undefined;
  isReading: boolean;
}

export function createBlockLists(
  log: Pick<Log, "info" | "warnOnce">,
  fetching?: FetchTextOptions,
): BlockLists {
  const entries = new Map<string, Entry>();

  /** Wanted by nobody but the one who asks what it would find. */
  let tried:
    | { readonly list: string; readonly untilMs: number; readonly match: Promise<ListMatch> }
    | undefined;

  function readOnce(list: string): Promise<ListMatch> {
    const nowMs = performance.now();
    if (tried?.list === list && nowMs < tried.untilMs) return tried.match;
    const match = (list.startsWith("/") ? readFileAt(list, "") : fetchList(list, fetching)).then(
      (found) => {
        if (found === undefined) throw new Error("there is nothing in it");
        return found.list.match;
      },
    );
    tried = { list, untilMs: nowMs + TRIED_MS, match };
    // A failure is not remembered, and said to whoever waits.
    match.catch(() => {
      if (tried?.match === match) tried = undefined;
    });
    return match;
  }

  async function read(list: string, entry: Entry, atMs: number): Promise<void> {
    entry.isReading = true;
    const isFile = list.startsWith("/");
    try {
      const found = isFile
        ? await readFileAt(list, entry.version)
        : await fetchList(list, fetching);
      entry.nextMs = atMs + (isFile ? FILE_EVERY_MS : FETCH_EVERY_MS);
      entry.trouble = undefined;
      if (found === undefined) return;
      const { entries: count, skipped, isCut } = found.list;
      entry.match = found.list.match;
      entry.version = found.version;
      log.info(`block list ${list}: ${count} entries, ${skipped} lines that are none`);
      if (isCut) entry.trouble = `The block list ${list} is longer than what is used of it`;
      else if (count === 0) entry.trouble = `The block list ${list} has no entry`;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      entry.nextMs = atMs + (isFile ? FILE_EVERY_MS : FETCH_AGAIN_MS);
      entry.trouble = `Cannot read the block list ${list}: ${reason}`;
      log.warnOnce(entry.trouble, `alerts: ${entry.trouble}; it is tried again`);
    } finally {
      entry.isReading = false;
    }
  }

  return {
    want(lists, atMs) {
      for (const list of entries.keys()) if (!lists.includes(list)) entries.delete(list);
      for (const list of lists) {
        let entry = entries.get(list);
        if (entry === undefined) {
          entry = {
            match: undefined,
            version: "",
            nextMs: atMs,
            trouble: undefined,
            isReading: false,
          };
          entries.set(list, entry);
        }
        if (!entry.isReading && atMs >= entry.nextMs) void read(list, entry, atMs);
      }
    },
    match: (list) => entries.get(list)?.match,
    trouble: (list) => entries.get(list)?.trouble,
    async read(list) {
      const known = entries.get(list)?.match;
      if (known !== undefined) return known;
      const late = AbortSignal.timeout(TRIED_WAIT_MS);
      const waiting = new Promise<never>((_, reject) => {
        late.addEventListener("abort", () =>
          reject(
            new MonitauriError(
              "busy",
              `the block list ${list} is being read. Ask again in a moment`,
            ),
          ),
        );
      });
      try {
        return await Promise.race([readOnce(list), waiting]);
      } catch (error) {
        if (error instanceof MonitauriError) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        throw new MonitauriError("failed", `cannot read the block list ${list}: ${reason}`);
      }
    },
    troubles: () => [...entries.values()].flatMap(({ trouble }) => trouble ?? []),
  };
}

type Found = { list: ReturnType<ReturnType<typeof createBlockListReader>["end"]>; version: string };

/** undefined: it has not changed. A device or a pipe is no list, and is not waited for. */
async function readFileAt(path: string, version: string): Promise<Found | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    const { ino, size, mtimeMs } = found;
    if (!found.isFile()) throw new Error("it is no file");
    if (size > MAX_LIST_BYTES) throw new Error(`it is larger than ${MAX_LIST_BYTES} bytes`);
    const now = `${ino}:${size}:${mtimeMs}`;
    if (now === version) return undefined;
    return {
      list: await readAll(file.createReadStream({ highWaterMark: PIECE_BYTES })),
      version: now,
    };
  } finally {
    await file.close().catch(() => {});
  }
}

async function fetchList(address: string, options?: FetchTextOptions): Promise<Found> {
  return { list: await readAll(await fetchText(address, options)), version: "" };
}

async function readAll(pieces: AsyncIterable<Uint8Array>) {
  const reader = createBlockListReader();
  const decoder = new TextDecoder();
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > MAX_LIST_BYTES) throw new Error(`it is longer than ${MAX_LIST_BYTES} bytes`);
    reader.add(decoder.decode(piece, { stream: true }));
  }
  return reader.end();
}
