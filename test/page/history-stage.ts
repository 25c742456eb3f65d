// The history view on a real daemon with a past of four days, and what tests ask of both.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import type { HistoryAnswer, HistoryRow, Period } from "../../src/model/history.ts";
import { buildOnce } from "../e2e/real-daemon.ts";
import { openCommands } from "../programs.ts";
import { bytesOf, waitFor } from "./checks.ts";
import { openBrowser, openContext, openPage, type ServedDaemon, serveDaemon } from "./page.ts";
import { fillPast } from "./past.ts";

export const DAY_MS = 86_400_000;
const ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;
/** The shown answer is that to the question in the address. */
const ANSWERED = `document.querySelector("[aria-busy=true]") === null &&
  !document.body.innerText.includes("Asking the daemon")`;

const midnightMs = new Date().setHours(0, 0, 0, 0);
/** Of today. */
export const MIDNIGHT_MS = midnightMs;
/** Two days that are over. */
export const PERIOD: Period = { fromMs: midnightMs - 3 * DAY_MS, toMs: midnightMs - DAY_MS };

export interface HistoryStage extends AsyncDisposable {
  readonly data: string;
  readonly daemon: ServedDaemon;
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser had to say about its policy, and what was thrown. */
  readonly complaints: readonly string[];
  cli(...words: string[]): Promise<string>;
  /** What `history --json` prints. */
  history(...words: string[]): Promise<HistoryAnswer>;
  /** Opens a question, "period=7d&by=remote", and waits for its answer. */
  open(question: string, at?: Page): Promise<void>;
  answered(at?: Page): Promise<void>;
  /** The large numbers, exactly. */
  totals(): Promise<number[]>;
  rows(): Promise<(readonly [key: string, rx: number, tx: number])[]>;
}

export async function openHistoryStage(): Promise<HistoryStage> {
  await buildOnce();
  const data = mkdtempSync(join(tmpdir(), "page-history-"));
  fillHistory(join(data, "history.db"));
  const commands = openCommands();
  const daemon = await serveDaemon({ data, interval: "500ms" });
  const browser = await openBrowser();
  const context = await openContext(browser);
  // Downloads take the way of browsers that cannot write files themselves, unless a test says otherwise.
  await context.addInitScript("delete globalThis.showSaveFilePicker");
  const complaints: string[] = [];
  context.on("weberror", (error) => complaints.push(String(error.error())));
  context.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
  });
  const page = await openPage(context, daemon);
  const cli = async (...words: string[]) => {
    const { code, stdout, stderr } = await commands.run(data, words);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const answered = async (at = page) => {
    await at.waitForSelector(".ranking tr[data-row], .stored tr[data-row], .start");
    await waitFor(at, ANSWERED);
  };
  return {
    data,
    daemon,
    browser,
    context,
    page,
    complaints,
    cli,
    answered,
    history: async (...words) =>
      JSON.parse(await cli("history", ...words, "--top", "1000", "--json")),
    async open(question, at = page) {
      await at.goto(`${daemon.origin}/history?${question}`);
      await answered(at);
    },
    async totals() {
      const cards = page.locator(".nums > div strong");
      return [await bytesOf(cards.nth(0)), await bytesOf(cards.nth(1))];
    },
    async rows() {
      const all: (readonly [key: string, rx: number, tx: number])[] = [];
      for (const row of await page.locator(".ranking tr[data-row]").all()) {
        const key = (await row.getAttribute("data-key")) ?? "";
        const [rx, tx] = [".c-volume.d .figure", ".c-volume.u .figure"].map((one) =>
          row.locator(one),
        );
        if (rx === undefined || tx === undefined) continue;
        all.push([key, await bytesOf(rx), await bytesOf(tx)]);
      }
      return all;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await daemon.kill();
      await commands[Symbol.asyncDispose]();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** Each tick is synced to the disk: made in memory, where there is some, it takes a moment. */
function fillHistory(path: string): void {
  const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const folder = mkdtempSync(join(memory, "page-history-"));
  const made = join(folder, "history.db");
  try {
    fillPast({ path: made, nowMs: midnightMs, days: 4, everyMs: 300_000, zone: ZONE });
    copyFileSync(made, path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** As the page's address has it. */
export function exact({ fromMs, toMs }: Period = PERIOD): string {
  return `${iso(fromMs).slice(0, 19)}Z/${iso(toMs).slice(0, 19)}Z`;
}

/** As the command line has it. */
export function ofPeriod({ fromMs, toMs }: Period = PERIOD): string[] {
  return ["--from", iso(fromMs), "--to", iso(toMs)];
}

/** What crossed a network. */
export function networks(row: HistoryRow): [rx: number, tx: number] {
  return [row.rxBytes - row.rxLoopbackBytes, row.txBytes - row.txLoopbackBytes];
}

/** From one share of the chart's width to another. */
export async function drag(page: Page, from: number, to: number): Promise<void> {
  const box = await page.locator(".past .stage").boundingBox();
  assert.ok(box !== null);
  const y = box.y + box.height / 3;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * ((from + to) / 2), y, { steps: 3 });
  await page.mouse.move(box.x + box.width * to, y, { steps: 3 });
  await page.mouse.up();
}

export function zoomOf(page: Page): { fromMs: number; toMs: number } {
  const [from = "", to = ""] =
    new URL(page.url()).searchParams.getAll("zoom").at(-1)?.split("/") ?? [];
  return { fromMs: Date.parse(from), toMs: Date.parse(to) };
}

export async function sumOf(figures: Locator): Promise<number> {
  let sum = 0;
  for (let at = 0; at < (await figures.count()); at += 1) sum += await bytesOf(figures.nth(at));
  return sum;
}
