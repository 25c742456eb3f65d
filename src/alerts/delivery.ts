/** What alerts need of delivery: a queue that survives, and the channels. */

import type { AlertMessage } from "../model/alert.ts";
import type { AlertChannel, AlertChannelDraft, AlertTest } from "../model/alert-channel.ts";
import { MonitauriError } from "../model/error.ts";

export interface AlertDelivery {
  /** Resolves when the message is kept for these channels, whatever becomes of the process then. The same id again is
   * taken and changes nothing. Names that are no channel are left out. */
  enqueue(message: AlertMessage, channels: readonly string[]): Promise<void>;
  channels(): readonly AlertChannel[];
  /** @throws MonitauriError "invalid". */
  setChannel(draft: AlertChannelDraft): Promise<AlertChannel>;
  /** @throws MonitauriError "not-found". */
  removeChannel(name: string): Promise<void>;
  /** Sends a real message. @throws MonitauriError "not-found". */
  test(name: string): Promise<AlertTest>;
}

/** Where nothing is sent: events are in the log and on the page. */
export const NO_DELIVERY: AlertDelivery = {
  enqueue: async () => {},
  channels: () => [],
  setChannel: () => refuse("unsupported", "Cannot set a channel: nothing is delivered here"),
  removeChannel: (name) => refuse("not-found", `There is no channel "${name}"`),
  test: (name) => refuse("not-found", `There is no channel "${name}"`),
};

async function refuse(code: "unsupported" | "not-found", message: string): Promise<never> {
  throw new MonitauriError(code, message);
}
