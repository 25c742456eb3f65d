/** Reads the live stream: server-sent events (WHATWG HTML, section 9.2.6) whose data is a LiveSample each. */

import { MonitauriError } from "../model/error.ts";
import type { LiveSample } from "../model/live.ts";

/** Longer than any sample: an answer without an end of line is no stream of ours. */
const MAX_EVENT_LENGTH = 8 * 1024 * 1024;

/**
 * The samples of a stream that `open` begins; it is begun when the first one is asked for, and its signal is given when
 * the reader returns. Ends where the daemon ends the stream.
 * @throws what `open` throws, and MonitauriError "unreachable" where the connection breaks off.
 */
export function liveSamples(
  open: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>,
): AsyncIterable<LiveSample> {
  return {
    [Symbol.asyncIterator]() {
      const abort = new AbortController();
      const samples = readSamples(open, abort.signal);
      return {
        next: () => samples.next(),
        async return() {
          abort.abort();
          // A reading that is under way fails with the signal: nobody waits for it any more.
          await samples.return(undefined).catch(() => undefined);
          return { done: true, value: undefined };
        },
      };
    },
  };
}

async function* readSamples(
  open: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>,
  signal: AbortSignal,
): AsyncGenerator<LiveSample, undefined> {
  const pieces = await open(signal);
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const piece of pieces) {
      text += decoder.decode(piece, { stream: true });
      const events = text.split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) {
        const sample = sampleOf(event);
        if (sample !== undefined) yield sample;
      }
      if (text.length > MAX_EVENT_LENGTH) throw new Error("an event is too long");
    }
  } catch (cause) {
    if (signal.aborted) return;
    if (cause instanceof MonitauriError) throw cause;
    throw new MonitauriError(
      "unreachable",
      `The live stream broke off: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  }
}

/** undefined for a comment, which only keeps the connection alive. */
function sampleOf(event: string): LiveSample | undefined {
  const data = event
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice("data:".length))
    .join("\n");
  return data === "" ? undefined : (JSON.parse(data) as LiveSample);
}
