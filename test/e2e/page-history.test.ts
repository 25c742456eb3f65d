// The history on the page: a real daemon with a past written through the history's own code and traffic of now, and
// every number held against what the command line says.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import type { HistoryAnswer, HistoryRow } from "../../src/model/history.ts";
import { bytesOf, faults, skipWithoutBrowser, waitFor } from "../page/checks.ts";
import {
  openBrowser,
  openContext,
  openPage,
  type ServedDaemon,
  serveDaemon,
} from "../page/page.ts";
import { fillPast } from "../page/past.ts";
import { openPrograms, type Programs } from "../page/programs.ts";
import { buildOnce, MAIN, until } from "./real-daemon.ts";
import { host, makeWorld, type World } from "./world.ts";

const DAY_MS = 86_400_000;
const PORT = 7443;
const FETCHED_BYTES = 5_000_000;
/** Headers of full segments, acknowledgements and what is sent again. */
const MOST_OVERHEAD = 1.08;
const ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;
/** The shown answer is that to the question in the address. */
const ANSWERED = `document.querySelector("[aria-busy=true]") === null &&
  !document.body.innerText.includes("Asking the daemon")`;

describe("history on the page", { skip: await skipWithoutBrowser() }, () => {
  const data = mkdtempSync(join(tmpdir(), "page-history-"));
  const midnightMs = new Date().setHours(0, 0, 0, 0);
  /** Two days that are over. */
  const period = { fromMs: midnightMs - 3 * DAY_MS, toMs: midnightMs - DAY_MS };
  const complaints: string[] = [];
  let world: World;
  let programs: Programs;
  let daemon: ServedDaemon;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    await buildOnce();
    const path = join(data, "history.db");
    fillPast({ path, nowMs: midnightMs, days: 4, everyMs: 300_000, zone: ZONE });
    world = await makeWorld({ host: true });
    programs = openPrograms();
    daemon = await serveDaemon({ data, interval: "500ms" });
    browser = await openBrowser();
    context = await openContext(browser);
    // Downloads take the way of browsers that cannot write files themselves, unless a test says otherwise.
    await context.addInitScript("delete globalThis.showSaveFilePicker");
    context.on("weberror", (error) => complaints.push(String(error.error())));
    context.on("console", (message) => {
      if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
    });
    programs.serve(world.b, world.b.ip4, PORT);
    page = await openPage(context, daemon);
  });

  after(async () => {
    await browser?.close();
    await daemon?.kill();
    programs?.[Symbol.dispose]();
    await world?.close();
    rmSync(data, { recursive: true, force: true });
  });

  const cli = (...words: string[]) => host.exec(process.execPath, [MAIN, ...words, "--data", data]);
  const history = async (...words: string[]): Promise<HistoryAnswer> =>
    JSON.parse(await cli("history", ...words, "--top", "1000", "--json"));
  const iso = (ms: number) => new Date(ms).toISOString();
  const exact = ({ fromMs, toMs } = period) =>
    `${iso(fromMs).slice(0, 19)}Z/${iso(toMs).slice(0, 19)}Z`;
  const ofPeriod = ({ fromMs, toMs } = period) => ["--from", iso(fromMs), "--to", iso(toMs)];
  const open = async (question: string, at = page) => {
    await at.goto(`${daemon.origin}/history?${question}`);
    await answered(at);
  };
  const answered = async (at = page) => {
    await at.waitForSelector(".ranking tr[data-row], .stored tr[data-row], .start");
    await waitFor(at, ANSWERED);
  };
  const shownRows = async () => {
    const rows = page.locator(".ranking tr[data-row]");
    const all: (readonly [key: string, rx: number, tx: number])[] = [];
    for (let at = 0; at < (await rows.count()); at += 1) {
      const row = rows.nth(at);
      const key = (await row.getAttribute("data-key")) ?? "";
      const [rx, tx] = [row.locator(".c-volume.d .figure"), row.locator(".c-volume.u .figure")];
      all.push([key, await bytesOf(rx), await bytesOf(tx)]);
    }
    return all;
  };
  const totals = async (at = page) => {
    const cards = at.locator(".nums > div strong");
    return [await bytesOf(cards.nth(0)), await bytesOf(cards.nth(1))];
  };

  for (const by of ["application", "remote", "country", "protocol", "port", "user", "interface"]) {
    it(`shows to the byte what the command line says, by ${by}`, async () => {
      const answer = await history(...ofPeriod(), "--by", by);
      const wanted = answer.rows
        .map((row) => [row.key, ...networks(row)] as const)
        .filter(([, rx, tx]) => rx + tx > 0);
      await open(`period=${exact()}&by=${by}`);
      const { rxBytes, txBytes } = answer.total;
      assert.ok(rxBytes > 1e9 && wanted.length > 1);
      assert.deepEqual(await totals(), [rxBytes, txBytes]);
      assert.deepEqual(
        new Map((await shownRows()).map(([key, ...bytes]) => [key, bytes])),
        new Map(wanted.map(([key, ...bytes]) => [key, bytes])),
      );
    });
  }

  it("tells networks apart, loopback among them, and shows loopback alone", async () => {
    const answer = await history(...ofPeriod(), "--by", "scope");
    await open(`period=${exact()}&by=scope`);
    assert.deepEqual(
      await shownRows(),
      answer.rows.map(({ key, rxBytes, txBytes }) => [key, rxBytes, txBytes]),
    );
    const loopback = answer.rows.find(({ key }) => key === "loopback");
    assert.ok(loopback !== undefined && loopback.rxBytes > 0);
    await page.getByRole("combobox", { name: "Networks" }).selectOption("loopback");
    await page.waitForURL(/scope=loopback/);
    await answered();
    assert.deepEqual(await totals(), [loopback.rxBytes, loopback.txBytes]);
  });

  it("shows a transfer of now within what headers add, the same as the command line", async () => {
    const from = { address: world.b.ip4, port: PORT, bytes: FETCHED_BYTES };
    await programs.fetch(world.a, "fetcher", from);
    await open("period=hour&by=application");
    const row = page.locator(".ranking tr[data-row]", {
      has: page.getByText("fetcher", { exact: true }),
    });
    const figure = row.locator(".c-volume.d .figure");
    await until(async () => (await bytesOf(figure)) >= FETCHED_BYTES);
    const shown = await bytesOf(figure);
    assert.ok(shown >= FETCHED_BYTES && shown <= FETCHED_BYTES * MOST_OVERHEAD, `${shown} bytes`);
    const { rows } = await history("--last", "1h", "--app", "fetcher");
    assert.equal(shown, rows[0] && networks(rows[0])[0]);
  });

  it("leads from an application's page to its history, and back to what it does now", async () => {
    await page.goto(`${daemon.origin}/applications`);
    await page.getByRole("link", { name: "fetcher", exact: true }).click();
    await page.getByRole("link", { name: "History", exact: true }).last().click();
    await page.waitForURL(/\/history\?.*by=remote&application=path:.*fetcher/);
    await answered();
    await page.locator(".history-trail .chip", { hasText: "fetcher" }).waitFor();
    await page.getByRole("link", { name: "What it does now" }).click();
    await page.getByRole("heading", { level: 1, name: "fetcher" }).waitFor();
  });

  it("looks closer at what the pointer chooses, and goes back step by step", async () => {
    await open(`period=${exact()}&by=application`);
    const before = await totals();
    await drag(page, 0.25, 0.5);
    await page.waitForURL(/zoom=/);
    await answered();
    const zoom = zoomOf(page);
    // Within a step of where the pointer was.
    assert.ok(
      Math.abs(zoom.fromMs - (period.fromMs + DAY_MS / 2)) <= 900_000 * 2,
      iso(zoom.fromMs),
    );
    assert.ok(Math.abs(zoom.toMs - (period.fromMs + DAY_MS)) <= 900_000 * 2, iso(zoom.toMs));
    const { total } = await history(...ofPeriod(zoom));
    assert.deepEqual(await totals(), [total.rxBytes, total.txBytes]);
    assert.ok((total.rxBytes ?? 0) < (before[0] ?? 0));
    await drag(page, 0.6, 0.9);
    await page.waitForURL(/zoom=.*zoom=/);
    await answered();
    await page.getByRole("link", { name: "Step back" }).click();
    await answered();
    assert.deepEqual(await totals(), [total.rxBytes, total.txBytes]);
    await page.goBack();
    await page.waitForURL(/zoom=.*zoom=/);
    await page.goBack();
    await page.goBack();
    await answered();
    assert.deepEqual(await totals(), before);
  });

  it("looks closer with the keyboard alone", async () => {
    await open(`period=${exact()}&by=application`);
    const before = await totals();
    await page.locator(".past .stage").focus();
    await page.keyboard.press("Home");
    for (let count = 0; count < 5; count += 1) await page.keyboard.press("PageDown");
    const said = await page.locator(".past [aria-live]").textContent();
    assert.match(said ?? "", /: download .* upload /);
    for (let count = 0; count < 12; count += 1) await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Enter");
    await page.waitForURL(/zoom=/);
    await answered();
    const zoom = zoomOf(page);
    assert.equal(zoom.toMs - zoom.fromMs, 13 * 900_000);
    const { total } = await history(...ofPeriod(zoom));
    assert.deepEqual(await totals(), [total.rxBytes, total.txBytes]);
    await page.locator(".past .stage").focus();
    await page.keyboard.press("Backspace");
    await page.waitForURL((url) => !url.search.includes("zoom"));
    await answered();
    assert.deepEqual(await totals(), before);
    await page.locator(".past .stage").focus();
    await page.keyboard.press(",");
    await page.waitForURL((url) => !url.search.includes(exact()));
  });

  it("drills down from an application to its remotes and to the services of each hour", async () => {
    await open(`period=${exact()}&by=application`);
    await page.getByRole("link", { name: "browser", exact: true }).last().click();
    await page.waitForURL(/by=remote&application=path:\/usr\/bin\/browser/);
    await answered();
    const ofBrowser = await history(...ofPeriod(), "--by", "remote", "--app", "browser");
    assert.deepEqual(
      await shownRows(),
      ofBrowser.rows.map((row) => [row.key, ...networks(row)]),
    );
    const remote = ofBrowser.rows[0]?.key ?? "";
    await page.locator(".ranking").getByRole("link", { name: remote, exact: true }).click();
    await page.waitForURL(/by=connections/);
    await page.waitForSelector(".stored tr[data-row]");
    await answered();
    const wanted = ofBrowser.rows[0];
    assert.deepEqual(await totals(), wanted && networks(wanted));
    // All rows fit on the screen's list, which draws what is near; their sum is the whole.
    const drawn = await sumOf(page.locator(".stored td.c-volume.d .figure"));
    assert.ok(drawn > 0 && drawn <= (wanted?.rxBytes ?? 0), `${drawn}`);
    assert.match(
      (await page.locator(".stored td.c-service b").first().textContent()) ?? "",
      /QUIC 443/,
    );
    await page
      .locator(".history-trail")
      .getByRole("link", { name: "browser", exact: true })
      .click();
    await page.waitForURL(/by=remote/);
    await page.goBack();
    await page.goBack();
    await page.goBack();
    await page.waitForURL(/by=application/);
  });

  it("shows the connections of one minute, all of them and exactly", async () => {
    const rows = csvRows(
      await cli("export", ...ofPeriod(), "--level", "minute", "--format", "jsonl"),
    );
    const counts = Map.groupBy(
      rows.filter(({ scope }) => scope !== "loopback"),
      ({ from }) => from,
    );
    const [minute, own] = [...counts].sort((a, b) => b[1].length - a[1].length)[0] ?? ["", []];
    const fromMs = Date.parse(minute);
    await open(`period=${exact({ fromMs, toMs: fromMs + 60_000 })}&by=connections`);
    await page.waitForSelector(".stored tr[data-row]");
    assert.ok(own.length > 3);
    assert.equal(await page.locator(".stored tr[data-row]").count(), own.length);
    const sum = own.reduce((all, { rx_bytes }) => all + rx_bytes, 0);
    assert.equal(await sumOf(page.locator(".stored td.c-volume.d .figure")), sum);
  });

  it("is the same again from its address alone, in another tab", async () => {
    await open(`period=${exact()}&by=country&scope=internet&compare=1&sort=rx&units=bytes`);
    await drag(page, 0.1, 0.9);
    await page.waitForURL(/zoom=/);
    await answered();
    const text = (at: Page) => at.locator("main").innerText();
    const said = await text(page);
    assert.match(said, /MB\/s|kB\/s/);
    const tab = await context.newPage();
    await tab.goto(page.url());
    await answered(tab);
    assert.equal(await text(tab), said);
    await tab.close();
    await open(`period=${exact()}&units=bits`);
  });

  it("compares with the time before", async () => {
    await open(`period=${exact()}&by=application&compare=1`);
    const answer = await history(...ofPeriod(), "--by", "application", "--compare");
    const old = answer.rows.find(({ name }) => name === "browser")?.before;
    const row = page.locator(".ranking tr[data-row]", {
      has: page.getByText("browser", { exact: true }),
    });
    const title = await row.locator(".c-change small").getAttribute("title");
    assert.ok(old !== null && old !== undefined);
    assert.equal(Number(title?.replace(/\D/g, "")), old.rxBytes + old.txBytes);
  });

  it("finds a row by a part of its name", async () => {
    await open(`period=${exact()}&by=remote`);
    await page.keyboard.press("/");
    await page.keyboard.type("EXAMPLE.NET");
    await page.waitForURL(/find=EXAMPLE.NET/);
    await waitFor(page, `document.querySelectorAll(".ranking tr[data-row]").length < 5`);
    for (const [key] of await shownRows()) assert.match(key, /example\.net/);
  });

  it("says why there is nothing", async () => {
    await open(
      `period=${exact({ fromMs: midnightMs - 900 * DAY_MS, toMs: midnightMs - 899 * DAY_MS })}`,
    );
    await page.getByText(/The history begins on/).waitFor();
    await page.getByRole("link", { name: "Show its first day" }).click();
    await page.waitForSelector(".ranking tr[data-row]");
    await open(`period=${exact({ fromMs: Date.now() + DAY_MS, toMs: Date.now() + 2 * DAY_MS })}`);
    await page.getByText("This is still to come.").waitFor();
    const night = {
      fromMs: midnightMs - 2 * DAY_MS + 7_200_000,
      toMs: midnightMs - 2 * DAY_MS + 14_400_000,
    };
    await open(`period=${exact(night)}`);
    await page.getByText("Nothing is known of this time: Monitauri was off.").waitFor();
    await open(`period=${exact()}&remote=nobody.example`);
    await page.getByText("Nothing in this period fits.").waitFor();
  });

  for (const [format, title] of [
    ["csv", "CSV"],
    ["jsonl", "JSON lines"],
    ["parquet", "Parquet"],
  ] as const) {
    it(`exports the same rows as the command line, ${format}`, async () => {
      await open(`period=${exact()}&by=remote&application=path:/usr/bin/browser`);
      await page.getByRole("button", { name: "Export" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("button", { name: title }).click();
      await dialog.getByRole("button", { name: "minute" }).click();
      const coming = page.waitForEvent("download");
      await dialog.getByRole("button", { name: "Export" }).click();
      const download = await coming;
      assert.match(download.suggestedFilename(), new RegExp(`^monitauri-.*-minutes\\.${format}$`));
      await dialog.getByRole("status").waitFor();
      const file = join(data, `wanted.${format}`);
      const words = ["--level", "minute", "--format", format, "--app", "browser"];
      await cli("export", ...ofPeriod(), ...words, "--output", file);
      const got = readFileSync(await download.path());
      assert.ok(got.length > 5_000);
      assert.deepEqual(got, readFileSync(file));
      await dialog.getByRole("button", { name: "Close" }).click();
    });
  }

  it("writes an export piece by piece where the browser can, shows how far it is, and stops when told to", async () => {
    const tab = await context.newPage();
    await tab.addInitScript(SLOW_FILE);
    await open(`period=${exact()}&by=application`, tab);
    await tab.getByRole("button", { name: "Export" }).click();
    const dialog = tab.getByRole("dialog");
    await dialog.getByRole("button", { name: "Export" }).click();
    await dialog.getByRole("progressbar").waitFor();
    assert.deepEqual(await faults(tab), []);
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.getByRole("button", { name: "Export" }).waitFor();
    await waitFor(tab, "globalThis.file.state === 'aborted'");
    await tab.evaluate("globalThis.file.isSlow = false");
    await dialog.getByRole("button", { name: "Export" }).click();
    await dialog.getByRole("status").waitFor();
    const written = await tab.evaluate("globalThis.file.text");
    assert.equal(written, await cli("export", ...ofPeriod(), "--level", "minute"));
    await tab.close();
  });

  for (const theme of ["light", "dark"] as const) {
    it(`has no serious fault of accessibility, ${theme}`, async () => {
      await page.emulateMedia({ colorScheme: theme });
      for (const question of [
        `period=${exact()}&by=application&compare=1`,
        `period=${exact()}&by=remote&application=path:/usr/bin/browser`,
        `period=${exact()}&by=connections`,
        "period=2020-01-01T00:00:00Z/2020-01-02T00:00:00Z",
      ]) {
        await open(question);
        assert.deepEqual(await faults(page), [], question);
      }
      await open(`period=${exact()}`);
      await page.getByText("From – to").click();
      assert.deepEqual(await faults(page), [], "exact times");
      await page.getByText("From – to").click();
      await page.getByRole("button", { name: "Export" }).click();
      assert.deepEqual(await faults(page), [], "export");
      await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    });
  }

  it("never scrolls sideways at 360 pixels", async () => {
    const narrow = await openContext(browser, { width: 360, height: 760 });
    const phone = await openPage(narrow, daemon);
    for (const question of [
      `period=${exact()}&by=application&compare=1`,
      `period=${exact()}&by=remote&application=path:/usr/bin/browser&remote=${"x".repeat(200)}`,
      `period=${exact()}&by=remote&application=path:/usr/bin/browser`,
      `period=${exact()}&by=connections`,
    ]) {
      await open(question, phone);
      const beyond = await phone.evaluate("document.documentElement.scrollWidth - innerWidth");
      assert.ok(Number(beyond) <= 0, `${question} scrolls ${beyond} pixels sideways`);
    }
    await narrow.close();
  });

  it("opens with g h, takes exact times, and keeps a billing cycle's day", async () => {
    await page.goto(`${daemon.origin}/`);
    await page.waitForSelector(".nums .digits");
    await page.keyboard.press("g");
    await page.keyboard.press("h");
    await page.waitForURL(/\/history\?period=today&by=application&units=bits/);
    await answered();
    await page.getByText("From – to").click();
    const local = (ms: number) => new Date(ms).toLocaleString("sv-SE").replace(" ", "T");
    await page.getByLabel("From", { exact: true }).fill(local(period.fromMs));
    await page.getByLabel("To", { exact: true }).fill(local(period.toMs));
    await page.getByLabel("The billing cycle begins on day").fill("15");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.waitForURL((url) => url.search.includes(exact()));
    await answered();
    await page.getByRole("button", { name: "Billing cycle" }).click();
    await page.waitForURL(/period=cycle&cycleDay=15/);
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("History").waitFor();
    await page.keyboard.press("Escape");
  });

  it("says that there is no history where it is switched off", async () => {
    const other = mkdtempSync(join(tmpdir(), "page-history-off-"));
    writeFileSync(join(other, "config.toml"), "history = false\n");
    const off = await serveDaemon({ data: other, interval: "500ms" });
    try {
      const stranger = await openContext(browser);
      const tab = await openPage(stranger, off);
      await tab.goto(`${off.origin}/history`);
      await tab.getByText("There is no history.").waitFor();
      await tab.getByText("Remove history = false from config.toml").waitFor();
      await stranger.close();
    } finally {
      await off.kill();
      rmSync(other, { recursive: true, force: true });
    }
  });

  it("broke no rule of its policy and threw nothing", () => {
    assert.deepEqual(complaints, []);
  });
});

/** What crossed a network. */
function networks(row: HistoryRow): [rx: number, tx: number] {
  return [row.rxBytes - row.rxLoopbackBytes, row.txBytes - row.txLoopbackBytes];
}

/** From one share of the chart's width to another. */
async function drag(page: Page, from: number, to: number): Promise<void> {
  const box = await page.locator(".past .stage").boundingBox();
  assert.ok(box !== null);
  const y = box.y + box.height / 3;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * ((from + to) / 2), y, { steps: 3 });
  await page.mouse.move(box.x + box.width * to, y, { steps: 3 });
  await page.mouse.up();
}

function zoomOf(page: Page): { fromMs: number; toMs: number } {
  const [from = "", to = ""] =
    new URL(page.url()).searchParams.getAll("zoom").at(-1)?.split("/") ?? [];
  return { fromMs: Date.parse(from), toMs: Date.parse(to) };
}

async function sumOf(figures: Locator): Promise<number> {
  let sum = 0;
  for (let at = 0; at < (await figures.count()); at += 1) sum += await bytesOf(figures.nth(at));
  return sum;
}

interface StoredRow {
  readonly from: string;
  readonly scope: string;
  readonly rx_bytes: number;
}

function csvRows(lines: string): StoredRow[] {
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** A disk of whom the picker would ask: it takes a piece in its own time. */
const SLOW_FILE = `
  globalThis.file = { text: "", state: "none", isSlow: true };
  globalThis.showSaveFilePicker = async () => ({
    async createWritable() {
      file.text = "";
      file.state = "open";
      return {
        async write(piece) {
          if (file.isSlow) await new Promise((done) => setTimeout(done, 3_000));
          file.text += piece;
        },
        async close() { file.state = "closed"; },
        async abort() { file.state = "aborted"; },
      };
    },
  });
`;
