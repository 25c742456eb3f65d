// Debian's browsers, as people have them, but for a profile of their own and no window.
import type { ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type End, host } from "../../test/e2e/world.ts";
import type { Servers } from "./servers.ts";
import { FIRST_PAGE, HOSTS } from "./site.ts";

export type BrowserName = "chromium" | "firefox-esr";

export interface BrowserOptions {
  readonly at: End;
  /** A folder for its profile. */
  readonly folder: string;
  readonly servers: Servers;
  /** QUIC from the first connection; else what the server offers. */
  readonly forceQuic: boolean;
}

/** Opens the first page; the pages lead on by themselves. */
export async function openBrowser(
  name: BrowserName,
  { at, folder, servers, forceQuic }: BrowserOptions,
): Promise<ChildProcess> {
  mkdirSync(folder, { recursive: true });
  const args =
    name === "chromium"
      ? chromiumArguments(folder, servers, forceQuic)
      : await firefoxArguments(folder, servers, forceQuic);
  // The name server of the namespace instead of the machine's, for this program alone.
  const script = `mount --bind ${servers.resolver} /etc/resolv.conf && exec "$0" "$@"`;
  return at.spawn("unshare", ["-m", "sh", "-c", script, name, ...args, FIRST_PAGE], {
    env: { HOME: folder, MOZ_HEADLESS: "1", DBUS_SESSION_BUS_ADDRESS: "disabled:" },
    stdio: "ignore",
  });
}

function chromiumArguments(folder: string, { keyHash }: Servers, forceQuic: boolean): string[] {
  const origins = Object.keys(HOSTS).map((name) => `${name}:443`);
  return [
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    `--user-data-dir=${folder}`,
    `--ignore-certificate-errors-spki-list=${keyHash}`,
    ...(forceQuic ? [`--origin-to-force-quic-on=${origins.join()}`] : []),
  ];
}

async function firefoxArguments(
  folder: string,
  { authority }: Servers,
  forceQuic: boolean,
): Promise<string[]> {
  const database = `sql:${folder}`;
  await host.exec("certutil", ["-N", "-d", database, "--empty-password"]);
  await host.exec("certutil", ["-A", "-d", database, "-n", "ca", "-t", "C,,", "-i", authority]);
  const preferences: Record<string, unknown> = {
    "datareporting.policy.dataSubmissionEnabled": false,
    "browser.shell.checkDefaultBrowser": false,
    "browser.aboutwelcome.enabled": false,
    "network.http.http3.disable_when_third_party_roots_found": false,
  };
  if (forceQuic) {
    preferences["network.http.http3.alt-svc-mapping-for-testing"] = Object.keys(HOSTS)
      .map((name) => `${name};h3=:443`)
      .join();
  }
  const lines = Object.entries(preferences).map(
    ([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(folder, "user.js"), lines.join(""));
  return ["--no-remote", "--profile", folder];
}
