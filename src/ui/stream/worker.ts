/** The shared worker: browsers allow six connections per address, so all tabs together take one for the stream.
 *
 * It also hands the session of one tab to the next. That is safe: browsers let only pages of this very origin (scheme,
 * host and port) reach it, in the same profile, and those are all the daemon's own, whose policy lets no foreign script
 * run. It keeps the token in memory alone and ends with the last tab; a token that was refused is not handed on. */

import { openKeeper } from "./keeper.ts";
import type { FromTab } from "./messages.ts";

const keeper = openKeeper();

// The DOM's types describe windows, not workers.
const scope = globalThis as unknown as { onconnect: (event: { ports: MessagePort[] }) => void };

scope.onconnect = ({ ports: [port] }) => {
  if (port === undefined) return;
  const hear = keeper.join((message) => port.postMessage(message));
  port.onmessage = ({ data }: MessageEvent<FromTab>) => hear(data);
};
