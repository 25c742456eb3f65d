/** The tab's end of the stream: shared where the browser can, else the tab's own. */

import { openKeeper } from "./keeper.ts";
import type { FromTab, ToTab } from "./messages.ts";

type Tell = (message: FromTab) => void;

/** How often a tab says that it is there; browsers slow hidden tabs down to once a minute. */
const ALIVE_MS = 45_000;

export function connectStream(hear: (message: ToTab) => void): Tell {
  const tell = shared(hear) ?? openKeeper().join(hear);
  setInterval(() => tell({ type: "alive" }), ALIVE_MS);
  addEventListener("pagehide", () => tell({ type: "bye" }));
  // A page that comes back out of the browser's back-forward cache joins again.
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) location.reload();
  });
  return tell;
}

function shared(hear: (message: ToTab) => void): Tell | undefined {
  if (typeof SharedWorker === "undefined") return undefined;
  try {
    const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), {
      type: "module",
      name: "monitauri",
    });
    worker.port.onmessage = ({ data }: MessageEvent<ToTab>) => hear(data);
    let own: Tell | undefined;
    let said: FromTab[] = [];
    worker.port.addEventListener("message", () => {
      said = [];
    });
    // Its file did not load, as after an update of the daemon: what it was told goes to a keeper in this tab.
    worker.onerror = () => {
      own ??= openKeeper().join(hear);
      for (const message of said) own(message);
      said = [];
    };
    return (message) => {
      if (own !== undefined) return own(message);
      if (said.length < MAX_UNANSWERED) said.push(message);
      worker.port.postMessage(message);
    };
  } catch {
    return undefined;
  }
}

/** What is said before the worker has answered: a greeting, a choice or two. */
const MAX_UNANSWERED = 10;
