// What the page costs: its size, its first paint, the browser's main thread for each tick, the growth of its memory.
// node bench/page.ts [minutes]
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { CDPSession, Page } from "playwright-core";
import { buildOnce } from "../test/e2e/real-daemon.ts";
import { serveInvented } from "../test/page/invented-server.ts";
import { openBrowser, openContext } from "../test/page/page.ts";
import { argument, machineLine, row } from "./results.ts";

const UI = join(import.meta.dirname, "..", "dist", "ui");
const TICKS = 30;
const SETTLE_MS = 5_000;

const PAINT = `performance.getEntriesByName("first-contentful-paint")[0]?.startTime`;

const minutes = argument(1, { otherwise: 1 });

await buildOnce();
console.log(`${machineLine()}\n`);
console.log(row("figure", "value"));
console.log(row("---", "---"));
console.log(row("all files of the page, gzip", `${(bundleBytes() / 1000).toFixed(1)} kB`));
const browser = await openBrowser();
try {
  for (const applications of [50, 2000]) {
    for (const view of ["/", "/applications"]) await measure(applications, view);
  }
  await measureGrowth();
} finally {
  await browser.close();
}

function bundleBytes(): number {
  return readdirSync(UI, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => gzipSync(readFileSync(join(entry.parentPath, entry.name)), { level: 9 }).length)
    .reduce((sum, bytes) => sum + bytes, 0);
}

async function open(applications: number, view: string) {
  const startedAtMs = Date.now() - 900_000;
  const server = await serveInvented({
    applications,
    active: applications,
    connections: 1000,
    remembered: 900,
    startedAtMs,
  });
  const context = await openContext(browser);
  const page = await context.newPage();
  await page.goto(`${server.origin}${view}#code=any`);
  await page.waitForSelector("tr[data-row]");
  const paintMs = Number(await page.evaluate(PAINT));
  const session = await context.newCDPSession(page);
  // The thread's own time: on a busy machine the clock on the wall counts others' work too.
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return { server, context, page, session, paintMs };
}

async function measure(applications: number, view: string): Promise<void> {
  const { server, context, session, paintMs } = await open(applications, view);
  await using _ = server;
  await sleep(SETTLE_MS);
  const before = await metric(session, "TaskDuration");
  await sleep(TICKS * 1000);
  const perTickMs = (((await metric(session, "TaskDuration")) - before) / TICKS) * 1000;
  const name = `${view === "/" ? "Overview" : "Applications"}, ${applications} applications active`;
  console.log(row(`${name}: main thread per tick`, `${perTickMs.toFixed(1)} ms`));
  console.log(row(`${name}: first paint`, `${paintMs.toFixed(0)} ms`));
  await context.close();
}

async function measureGrowth(): Promise<void> {
  const { server, context, page, session } = await open(50, "/");
  await using _ = server;
  await sleep(SETTLE_MS);
  const before = await heapBytes(page, session);
  await sleep(minutes * 60_000);
  const after = await heapBytes(page, session);
  const grown = ((after - before) / 1e6).toFixed(2);
  console.log(
    row(
      `heap after collecting, ${minutes} min`,
      `${(after / 1e6).toFixed(1)} MB, grown by ${grown} MB`,
    ),
  );
  await context.close();
}

async function heapBytes(page: Page, session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.collectGarbage");
  await page.waitForTimeout(200);
  await session.send("HeapProfiler.collectGarbage");
  return metric(session, "JSHeapUsedSize");
}

async function metric(session: CDPSession, name: string): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find((one) => one.name === name)?.value ?? Number.NaN;
}
