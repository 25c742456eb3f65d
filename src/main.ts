// The entry point: gives the command line what it may not load itself, and hands over.
import { homedir } from "node:os";
import { dirname } from "node:path";
import { runCli } from "./cli/cli.ts";
import { callerSession } from "./daemon/caller-session.ts";
import { isTrusted } from "./daemon/folders.ts";
import { clientSockets, isChosen, type PlaceOptions } from "./daemon/places.ts";
import { platform } from "./daemon/platform.ts";
import { readVersion } from "./daemon/version.ts";

process.exitCode = await runCli(process.argv.slice(2), {
  version: readVersion(),
  sockets(data) {
    const place = placeOptions(data);
    // In /tmp another user may have made this user's folder, with a daemon that lies.
    return clientSockets(place).filter(
      (socket) => isChosen(place) || isTrusted(dirname(socket), place.uid),
    );
  },
  // Loaded when wanted: a question to the daemon must not wait for the API's or the kernel's libraries.
  async start({ data, intervalMs, port, open }) {
    const { start } = await import("./daemon/start.ts");
    return start({ place: placeOptions(data), intervalMs, port, open });
  },
  async openBrowser(url) {
    const { openBrowser } = await import("./daemon/browser.ts");
    return openBrowser(url, placeOptions(undefined));
  },
  session: () => callerSession({ env: process.env, pid: process.ppid }),
  async clearLimits(data) {
    const { clearLimitsHere } = await import("./daemon/clear-limits.ts");
    return clearLimitsHere(placeOptions(data));
  },
  async diagnose(data) {
    const { diagnoseHere } = await import("./daemon/diagnosis.ts");
    return diagnoseHere(placeOptions(data));
  },
});

function placeOptions(data: string | undefined): PlaceOptions {
  return { platform, uid: process.geteuid?.() ?? 0, home: homedir(), env: process.env, data };
}
