// What the page costs: its size, its first paint, the browser's main thread for each tick, the growth of its memory.
// node bench/page.ts [minutes of growth] [ticks | growth]
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { CDPSession, Page } from "playwright-core";
import { buildOnce } from "../test/e2e/real-daemon.ts";
import { serveInvented } from "../test/page/invented-server.ts";
import { openBrowser, openContext } from "../test/page/page.ts";
import { memoryOf } from "./process-cost.ts";
import { argument, machineLine, row, writeResults } from "./results.ts";
import { slope } from "./statistics.ts";

const UI = join(import.meta.dirname, "..", "dist", "ui");
const TICKS = 30;
const SETTLE_MS = 5_000;

const PAINT = `performance.getEntriesByName("first-contentful-paint")[0]?.startTime`;

const minutes = argument(1, { otherwise: 1 });
const [, , , part] = process.argv;
if (part !== undefined && part !== "ticks" && part !== "growth") {
  throw new RangeError(`"${part}" is given where ticks or growth is wanted`);
}

await buildOnce();
console.log(`${machineLine()}\n`);
console.log(row("figure", "value"));
console.log(row("---", "---"));
console.log(row("all files of the page, gzip", `${(bundleBytes() / 1000).toFixed(1)} kB`));
const browser = await openBrowser();
try {
  if (part !== "growth") {
    for (const applications of [50, 2000]) {
      for (const view of ["/", "/applications"]) await measure(applications, view);
    }
  }
  if (part !== "ticks") await measureGrowth();
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
  const points = [await memoryNow(page, session)];
  for (let minute = 1; minute <= minutes; minute += 1) {
    await sleep(60_000);
    points.push(await memoryNow(page, session));
  }
  tell(
    "heap after collecting",
    points.map(({ heapBytes }) => heapBytes),
  );
  tell(
    "its process without files",
    points.map(({ anonymousBytes }) => anonymousBytes),
  );
  writeResults("page-growth", { minutes, points });
  await context.close();
}

/** First and last, and how the second half went on: the first minutes are those of a new page. */
function tell(what: string, bytes: readonly number[]): void {
  const megabytes = bytes.map((value) => value / 1e6);
  const late = megabytes.slice(megabytes.length >> 1).map((y, x) => ({ x, y }));
  const perHour = late.length > 1 ? slope(late) * 60 : Number.NaN;
  const [first = 0, last = 0] = [megabytes[0], megabytes.at(-1)];
  console.log(
    row(
      `${what}, ${minutes} min`,
      `${first.toFixed(1)} to ${last.toFixed(1)} MB, most ${Math.max(...megabytes).toFixed(1)}, second half ${perHour.toFixed(2)} MB an hour`,
    ),
  );
}

interface Memory {
  readonly heapBytes: number;
  readonly anonymousBytes: number;
}

async function memoryNow(page: Page, session: CDPSession): Promise<Memory> {
  await session.send("HeapProfiler.collectGarbage");
  await page.waitForTimeout(200);
  await session.send("HeapProfiler.collectGarbage");
  return {
    heapBytes: await metric(session, "JSHeapUsedSize"),
    anonymousBytes: await rendererAnonymous(),
  };
}

/** Of the largest renderer (Chromium keeps a small one in reserve), without what it shares with other Chromiums. */
async function rendererAnonymous(): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  return Math.max(...renderers.map(({ id }) => memoryOf(id).anonymousPssBytes));
}

async function metric(session: CDPSession, name: string): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find((one) => one.name === name)?.value ?? Number.NaN;
}
