/** Entry of the sampling thread: this machine's collector behind the sampler, with the names of what flows talk to. */

import { parentPort, workerData } from "node:worker_threads";
import { isUnavailable, type Unavailable, unavailable } from "../model/unavailable.ts";
import { namedListener } from "../names/named-listener.ts";
import { createNames } from "../names/names.ts";
import { NETWORKS_WITHOUT_FILE, type Networks, openNetworks } from "../names/networks.ts";
import { createReverseNames } from "../names/reverse-names.ts";
import { readServices } from "../names/services.ts";
import { createSampler } from "../sampler/sampler.ts";
import { withNames } from "./named-sampler.ts";
import { openCollector } from "./platform.ts";
import type { SamplingData } from "./sampling-messages.ts";
import { serveSampling } from "./sampling-serve.ts";

if (parentPort === null) throw new TypeError("sampling-worker is the file of a thread");

const data = workerData as SamplingData;
const opened = networksOrReason(data.naming.networksFile);
const networks = isUnavailable(opened) ? NETWORKS_WITHOUT_FILE : opened;
const { reverseDns } = data.naming;
const reverse = reverseDns === "off" ? undefined : { names: createReverseNames(), of: reverseDns };
const services = readServices();
const names = data.naming.isOn ? createNames(services) : undefined;

await serveSampling(parentPort, {
  ...data,
  credits: networks.sources,
  async open() {
    const collector = await openCollector({ observe: data.naming.isOn });
    if (!("collector" in collector)) return collector;
    return {
      ...collector,
      listeners: () => collector.listeners().map((one) => namedListener(one, services)),
      passedOver: [...collector.passedOver, ...(isUnavailable(opened) ? [opened] : [])],
    };
  },
  createSampler: (options) => withNames(createSampler(options), { names, networks, reverse }),
});

/** Counting goes on without knowing where addresses are. */
function networksOrReason(path: string): Networks | Unavailable {
  try {
    return openNetworks(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return unavailable(
      "countries and networks",
      reason,
      "restore the file, or take `networks` out of config.toml",
    );
  }
}
