/** Delivery of alerts in the daemon: its files, its system, and that a broken file stops nobody. */

import { rename } from "node:fs/promises";
import { hostname } from "node:os";
import { createDelivery, type Delivery, type DeliveryOptions } from "../alerts/deliver/delivery.ts";
import { UnreadableQueue } from "../alerts/deliver/journal.ts";
import { createDeliverySystem, type DeliverySystemOptions } from "./delivery-system.ts";
import type { Log } from "./log.ts";
import type { Places } from "./places.ts";

export interface AlertDeliveryOptions extends DeliverySystemOptions {
  readonly places: Pick<Places, "alertQueue" | "alertChannels">;
  readonly log: Pick<Log, "warn" | "error" | "info">;
}

/** A queue that cannot be read is set aside, and delivery goes on with an empty one. What passes, as too many open files,
 * is no reason to. @throws MonitauriError "failed" then, and where it cannot be set aside. */
export async function startDelivery(options: AlertDeliveryOptions): Promise<Delivery> {
  const { places, log } = options;
  const parts: DeliveryOptions = {
    queuePath: places.alertQueue,
    channelsPath: places.alertChannels,
    system: createDeliverySystem(options),
    log,
    host: hostname(),
  };
  try {
    return await createDelivery(parts);
  } catch (error) {
    if (!(error instanceof UnreadableQueue) || error.isPassing) throw error;
    const aside = `${places.alertQueue}.broken`;
    await rename(places.alertQueue, aside);
    log.error(`${error instanceof Error ? error.message : error}. It is now ${aside}`);
    return createDelivery(parts);
  }
}
