/** The keeper of the stream in this thread, be it a shared worker or a tab that has none. */

import { createClient } from "../../client/client.ts";
import { requestWith } from "../session/request.ts";
import { createTrust } from "../session/trust.ts";
import { createHub, type Hub } from "./hub.ts";

export function openKeeper(): Hub {
  let token: string | undefined;
  const client = createClient(
    requestWith({
      token: () => token,
      trust: createTrust(),
      // An answer to an older token says nothing about this one.
      onUnauthorized: (refused) => refused === token && hub.refuse(),
    }),
  );
  const hub = createHub({
    live: (query) => client.live(query),
    setToken(next) {
      token = next;
    },
    nowMs: () => Date.now(),
  });
  return hub;
}
