// Makes docs/screenshots from a real daemon with real traffic: node test/page/screenshots.ts [seconds of traffic]
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { host } from "../e2e/generators/place.ts";
import { buildOnce, MAIN } from "../e2e/real-daemon.ts";
import { openBrowser, openContext, openPage, type ServedDaemon, serveDaemon } from "./page.ts";
import { fillPast } from "./past.ts";
import { INTERFACE, openStage } from "./stage.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "docs", "screenshots");
const seconds = Number(process.argv[2] ?? 310);

interface Shot {
  readonly name: string;
  readonly view: string;
  readonly theme: "light" | "dark";
  readonly width: number;
  readonly height: number;
}

const WIDE = { width: 1440, height: 960 } as const;
const SHOTS: readonly Shot[] = [
  { name: "overview-light", view: "/", theme: "light", ...WIDE },
  { name: "overview-dark", view: "/", theme: "dark", ...WIDE },
  { name: "applications", view: "/applications", theme: "light", ...WIDE },
  { name: "connections", view: "/connections", theme: "dark", ...WIDE },
  { name: "history", view: "/history?period=7d&by=application&compare=1", theme: "light", ...WIDE },
  { name: "history-remotes", view: "/history?period=yesterday&by=remote", theme: "dark", ...WIDE },
  {
    name: "history-360",
    view: "/history?period=7d&by=country",
    theme: "light",
    width: 360,
    height: 780,
  },
  { name: "health", view: "/health", theme: "light", ...WIDE },
  { name: "overview-360", view: "/", theme: "light", width: 360, height: 780 },
  { name: "applications-360", view: "/applications", theme: "dark", width: 360, height: 780 },
];

// In a network namespace of its own, so that no other interface of the machine is in the pictures.
/** With rules at work. */
const RULED: readonly Shot[] = [
  { name: "limits", view: "/limits", theme: "light", ...WIDE },
  { name: "alerts", view: "/alerts", theme: "dark", ...WIDE },
];
const RULES: readonly (readonly string[])[] = [
  ["limit", "add", "--app", "updates", "--down", "4mbit"],
  ["limit", "add", "--app", "backup", "--up", "6mbit", "--except-lan"],
  ["limit", "add", "--app", "calendar", "--block", "--when", "sat-sun 00:00-23:59"],
  ["quota", "add", "--machine", "--bytes", "1500GB", "--per", "month", "--step", "80%:notify"],
  ["alert", "add", "--app", "browser", "--above", "20mbit", "--for", "2s"],
  ["alert", "add", "--volume", "1400GB", "--per", "month", "--at", "80,100"],
  ["alert", "add", "--newcomer"],
];
/** What they do shows by then. */
const RULED_MS = 30_000;

const INSIDE = "MONITAURI_STAGE";
if (process.env[INSIDE] === undefined) {
  await buildOnce();
  const again = [process.execPath, ...process.argv.slice(1)];
  const env = { ...process.env, [INSIDE]: "1" };
  const { status } = spawnSync("unshare", ["--net", ...again], { stdio: "inherit", env });
  process.exit(status ?? 1);
}
spawnSync("ip", ["link", "set", "lo", "up"]);

mkdirSync(FOLDER, { recursive: true });
const data = mkdtempSync(join(tmpdir(), "monitauri-"));
const browser = await openBrowser();
try {
  await using stage = await openStage();
  // The way out of this machine: rules are for interfaces that lead away.
  spawnSync("ip", ["route", "add", "default", "dev", INTERFACE]);
  // The programs of the stage did much the same in the month before.
  fillPast({
    path: join(data, "history.db"),
    nowMs: Date.now() - 600_000,
    days: 32,
    everyMs: 60_000,
    zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    folder: dirname(stage.programs.pathOf("browser")),
  });
  await using daemon = await serveDaemon({ data });
  await stage.play();
  await sleep(seconds * 1000);
  for (const shot of SHOTS) await take(browser, daemon, shot);
  await takeBehind(browser, daemon, {
    name: "application",
    view: "/applications",
    link: "browser",
  });
  await takeBehind(browser, daemon, {
    name: "remote",
    view: "/connections",
    link: "news.example.org",
  });
  for (const rule of RULES) {
    await host.exec(process.execPath, [MAIN, ...rule, "--data", data]);
  }
  await sleep(RULED_MS);
  for (const shot of RULED) await take(browser, daemon, shot);
} finally {
  await browser.close();
  rmSync(data, { recursive: true, force: true });
}

/** Only the stage's interface: whatever else this machine does stays out of the pictures. */
async function prepare(browser: Browser, daemon: ServedDaemon, shot: Omit<Shot, "name" | "view">) {
  const context = await openContext(browser, { ...shot, scale: shot.width < 400 ? 2 : 1 });
  const minutes = seconds > 200 ? 5 : 1;
  const scope = JSON.stringify(JSON.stringify(`if:${INTERFACE}`));
  await context.addInitScript(
    `localStorage.setItem("monitauri.scope", ${scope}); localStorage.setItem("monitauri.span", "${minutes}")`,
  );
  return { context, page: await openPage(context, daemon) };
}

async function take(browser: Browser, daemon: ServedDaemon, shot: Shot): Promise<void> {
  const { context, page } = await prepare(browser, daemon, shot);
  await page.goto(`${daemon.origin}${shot.view}`);
  await page.waitForSelector("table.rows tbody tr, li.alert");
  // Two ticks and an answer of each question.
  await sleep(3_000);
  await page.screenshot({ path: join(FOLDER, `${shot.name}.png`) });
  console.log(`${shot.name}.png`);
  await context.close();
}

interface Behind {
  readonly name: string;
  readonly view: string;
  /** Of this view; the picture is of what it leads to. */
  readonly link: string;
}

async function takeBehind(browser: Browser, daemon: ServedDaemon, { name, view, link }: Behind) {
  const { context, page } = await prepare(browser, daemon, { theme: "dark", ...WIDE });
  await page.goto(`${daemon.origin}${view}`);
  await page.getByRole("link", { name: link, exact: true }).first().click();
  await page.waitForSelector(".trail");
  await sleep(3_000);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  console.log(`${name}.png`);
  await context.close();
}
