/** `monitauri start`: the daemon with the parts of this machine. */

import { existsSync } from "node:fs";
import { extname, join } from "node:path";
import { daemonPlaces, isChosen, type PlaceOptions } from "./places.ts";
import { runDaemon } from "./run.ts";
import { readVersion } from "./version.ts";

export interface StartOptions {
  readonly place: PlaceOptions;
  readonly intervalMs: number | undefined;
}

/** Runs until told to stop; resolves to the exit code. */
export function start({ place, intervalMs }: StartOptions): Promise<number> {
  const isCheckout = existsSync(join(import.meta.dirname, "..", "..", "src", "main.ts"));
  return runDaemon({
    version: readVersion(),
    places: daemonPlaces(place),
    chosen: isChosen(place),
    intervalMs,
    worker: new URL(`./sampling-worker${extname(import.meta.url)}`, import.meta.url),
    env: place.env,
    privilegedCommand: isCheckout ? "sudo npm start" : "sudo monitauri start",
  });
}
