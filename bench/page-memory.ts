// What the page's memory does in an hour, in a Chromium that nobody debugs: whoever does makes the page keep every answer that
// came (the network domain of its protocol), which looks like a leak. One point a minute, from /proc alone.
// node bench/page-memory.ts [minutes] [applications]
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildOnce } from "../test/e2e/real-daemon.ts";
import { serveInvented } from "../test/page/invented-server.ts";
import { CHROMIUM } from "../test/page/page.ts";
import { commandOf, memoryOf, treeOf } from "./process-cost.ts";
import { argument, machineLine, row, writeResults } from "./results.ts";
import { slope } from "./statistics.ts";

const SETTLE_MS = 20_000;

const minutes = argument(1, { otherwise: 60 });
const applications = argument(2, { otherwise: 50 });
await buildOnce();
console.log(`${machineLine()}\n`);
const folder = mkdtempSync(join(tmpdir(), "page-memory-"));
await using server = await serveInvented({
  applications,
  active: applications,
  connections: 1000,
  remembered: 900,
  startedAtMs: Date.now() - 900_000,
});
const browser = spawn(
  CHROMIUM,
  [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    `--user-data-dir=${folder}`,
    "--window-size=1440,980",
    `${server.origin}/#code=any`,
  ],
  { stdio: "ignore", detached: true },
);
try {
  await sleep(SETTLE_MS);
  const points = [pageBytes()];
  for (let minute = 1; minute <= minutes; minute += 1) {
    await sleep(60_000);
    points.push(pageBytes());
  }
  const megabytes = points.map((bytes) => bytes / 1e6);
  const late = megabytes.slice(megabytes.length >> 1).map((y, x) => ({ x, y }));
  console.log(row("the page's process, without files", "value"));
  console.log(row("---", "---"));
  for (const [name, value] of [
    ["first", megabytes[0]],
    ["after a quarter", megabytes[megabytes.length >> 2]],
    ["half-way", megabytes[megabytes.length >> 1]],
    ["last", megabytes.at(-1)],
    ["most", Math.max(...megabytes)],
  ] as const) {
    console.log(row(name, `${(value ?? 0).toFixed(1)} MB`));
  }
  console.log(row("second half, an hour", `${(slope(late) * 60).toFixed(1)} MB`));
  writeResults("page-memory", { minutes, applications, points });
} finally {
  process.kill(-(browser.pid ?? 0), "SIGKILL");
  await sleep(1_000);
  rmSync(folder, { recursive: true, force: true });
}

/** Of the largest renderer: Chromium keeps a small one in reserve. */
function pageBytes(): number {
  const renderers = treeOf(browser.pid ?? 0).filter((pid) =>
    commandOf(pid).includes("--type=renderer"),
  );
  if (renderers.length === 0) throw new Error("No page: Chromium has no renderer");
  return Math.max(...renderers.map((pid) => memoryOf(pid).anonymousPssBytes));
}
