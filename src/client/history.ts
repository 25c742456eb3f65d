/** The past over HTTP: a question as parameters, and an export as text while it comes. */

import { MonitauriError } from "../model/error.ts";
import type { HistoryQuery } from "../model/history.ts";
import type { Parameters } from "./client.ts";

export function historyParameters(query: HistoryQuery): Parameters {
  const { fromMs, toMs, groupBy, filter, traffic, top, stepMs, before, percentile } = query;
  const compared =
    typeof before === "object" ? { beforeFrom: before.fromMs, beforeTo: before.toMs } : { before };
  return {
    from: fromMs,
    to: toMs,
    groupBy,
    traffic,
    top,
    step: stepMs,
    ...compared,
    percentile,
    ...filter,
  };
}

/** As textOf(), of an answer that is no text. */
export async function* bytesOf(
  open: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>,
): AsyncGenerator<Uint8Array> {
  const abort = new AbortController();
  try {
    yield* await open(abort.signal);
  } catch (cause) {
    if (cause instanceof MonitauriError) throw cause;
    const reason = cause instanceof Error ? cause.message : cause;
    throw new MonitauriError("failed", `The export broke off, it is not whole: ${reason}`, {
      cause,
    });
  } finally {
    abort.abort();
  }
}

/**
 * The text of an answer that `open` begins; the signal is given when the reader has enough.
 * @throws what `open` throws, and MonitauriError "failed" where it breaks off before its end.
 */
export async function* textOf(
  open: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const piece of bytesOf(open)) {
    const text = decoder.decode(piece, { stream: true });
    if (text !== "") yield text;
  }
}
