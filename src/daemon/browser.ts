/** Opens an address in the browser of the person at the keyboard: never as root. */

import { runCommand } from "../native/command.ts";

export interface BrowserOptions {
  readonly platform: string;
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** False: there is no display, no browser, or nobody but root. */
export async function openBrowser(url: string, options: BrowserOptions): Promise<boolean> {
  const found = browserCommand(url, options);
  if (found === undefined) return false;
  try {
    return (await runCommand(found.argv, { env: found.env })).exitCode === 0;
  } catch {
    return false; // not installed, or it does not come back
  }
}

export interface BrowserCommand {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/** undefined where none can be opened. */
export function browserCommand(url: string, options: BrowserOptions): BrowserCommand | undefined {
  const { platform, uid, env } = options;
  const opener = platform === "darwin" ? "open" : "xdg-open";
  if (platform !== "darwin" && !env.DISPLAY && !env.WAYLAND_DISPLAY) return undefined;
  const session = SESSION.flatMap((name) => (env[name] ? [[name, env[name]] as const] : []));
  if (uid !== 0) return { argv: [opener, url], env: Object.fromEntries(session) };
  const user = env.SUDO_USER;
  if (user === undefined || user === "root" || !/^\w[\w.-]*\$?$/.test(user)) return undefined;
  const display = session
    .filter(([name]) => name !== "HOME")
    .map(([name, value]) => `${name}=${value}`);
  return { argv: ["sudo", "-H", "-u", user, "--", "env", ...display, opener, url], env: {} };
}

/** What a program with a window needs of the session it is in. */
const SESSION = [
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "XAUTHORITY",
  "XDG_RUNTIME_DIR",
  "XDG_CURRENT_DESKTOP",
  "XDG_DATA_DIRS",
  "DBUS_SESSION_BUS_ADDRESS",
  "HOME",
];
