/** Entry of the history thread: the store in the data folder. */

import { parentPort, workerData } from "node:worker_threads";
import type { CsvLogSettings } from "../model/history.ts";
import { openHistoryStore } from "../store/open.ts";
import { serveHistory } from "../store/serve.ts";

/** What a history thread is started with. */
export interface HistoryData {
  readonly path: string;
  readonly version: string;
  readonly csvLog?: CsvLogSettings | undefined;
}

if (parentPort === null) throw new TypeError("history-worker is the file of a thread");

const data = workerData as HistoryData;
serveHistory(parentPort, { open: () => openHistoryStore({ ...data, now: Date.now }) });
