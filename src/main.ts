// The entry point: gives the command line what it may not load itself, and hands over.
import { homedir } from "node:os";
import { runCli } from "./cli/cli.ts";
import { clientSockets, type PlaceOptions } from "./daemon/places.ts";
import { platform } from "./daemon/platform.ts";
import { readVersion } from "./daemon/version.ts";

process.exitCode = await runCli(process.argv.slice(2), {
  version: readVersion(),
  sockets: (data) => clientSockets(placeOptions(data)),
  // Loaded when wanted: a question to the daemon must not wait for the API's or the kernel's libraries.
  async start({ data, intervalMs }) {
    const { start } = await import("./daemon/start.ts");
    return start({ place: placeOptions(data), intervalMs });
  },
  async diagnose(data) {
    const { diagnoseHere } = await import("./daemon/diagnosis.ts");
    return diagnoseHere(placeOptions(data));
  },
});

function placeOptions(data: string | undefined): PlaceOptions {
  return { platform, uid: process.geteuid?.() ?? 0, home: homedir(), env: process.env, data };
}
