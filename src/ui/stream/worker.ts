/** The shared worker: browsers allow six connections per address, so all tabs together take one for the stream. */

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
