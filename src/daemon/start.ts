/** `monitauri start`: the daemon with the parts of this machine. */

import { existsSync } from "node:fs";
import { extname, join } from "node:path";
import { openBrowser } from "./browser.ts";
import { daemonPlaces, isChosen, type PlaceOptions } from "./places.ts";
import { runDaemon } from "./run.ts";
import { readVersion } from "./version.ts";

export interface StartOptions {
  readonly place: PlaceOptions;
  readonly intervalMs: number | undefined;
  /** Of the page; 0: any that is free. */
  readonly port: number | undefined;
  /** Open the page in a browser where that is possible. */
  readonly open: boolean;
}

/** Runs until told to stop; resolves to the exit code. */
export function start({ place, intervalMs, port, open }: StartOptions): Promise<number> {
  const root = join(import.meta.dirname, "..", "..");
  const isCheckout = existsSync(join(root, "src", "main.ts"));
  return runDaemon({
    version: readVersion(),
    places: daemonPlaces(place),
    chosen: isChosen(place),
    intervalMs,
    port,
    pageFolder: join(root, "dist", "ui"),
    worker: thread("sampling"),
    historyWorker: thread("history"),
    env: place.env,
    openPage: open ? (url) => openBrowser(url, place) : undefined,
    privilegedCommand: isCheckout ? "sudo npm start" : "sudo monitauri start",
  });
}

/** Sources in a checkout, built files otherwise. */
function thread(name: string): URL {
  return new URL(`./${name}-worker${extname(import.meta.url)}`, import.meta.url);
}
