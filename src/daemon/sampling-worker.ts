/** Entry of the sampling thread: this machine's collector behind the sampler. */

import { parentPort, workerData } from "node:worker_threads";
import { createSampler } from "../sampler/sampler.ts";
import { openCollector } from "./platform.ts";
import type { SamplingData } from "./sampling-messages.ts";
import { serveSampling } from "./sampling-serve.ts";

if (parentPort === null) throw new TypeError("sampling-worker is the file of a thread");

const data = workerData as SamplingData;
await serveSampling(parentPort, { ...data, open: openCollector, createSampler });
