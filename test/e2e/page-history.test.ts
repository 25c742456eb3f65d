// The history on the page: a real daemon with a past written through the history's own code and traffic of now, and
// every number held against what the command line says.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { bytesOf, skipWithoutBrowser, waitFor } from "../page/checks.ts";
import {
  DAY_MS,
  drag,
  exact,
  type HistoryStage,
  iso,
  MIDNIGHT_MS,
  networks,
  ofPeriod,
  openHistoryStage,
  PERIOD,
  sumOf,
  zoomOf,
} from "../page/history-stage.ts";
import { openPrograms, type Programs } from "../page/programs.ts";
import { until } from "./real-daemon.ts";
import { makeWorld, type World } from "./world.ts";

const PORT = 7443;
const FETCHED_BYTES = 5_000_000;
/** Headers of full segments, acknowledgements and what is sent again. */
const MOST_OVERHEAD = 1.08;

describe("history on the page", { skip: await skipWithoutBrowser() }, () => {
  let stage: HistoryStage;
  let page: Page;
  let world: World;
  let programs: Programs;

  before(async () => {
    stage = await openHistoryStage();
    page = stage.page;
    world = await makeWorld({ host: true });
    programs = openPrograms();
    programs.serve(world.b, world.b.ip4, PORT);
  });

  after(async () => {
    await stage?.[Symbol.asyncDispose]();
    programs?.[Symbol.dispose]();
    await world?.close();
  });

  for (const by of ["application", "remote", "country", "protocol", "port", "user", "interface"]) {
    it(`shows to the byte what the command line says, by ${by}`, async () => {
      const answer = await stage.history(...ofPeriod(), "--by", by);
      const wanted = answer.rows
        .map((row) => [row.key, ...networks(row)] as const)
        .filter(([, rx, tx]) => rx + tx > 0);
      await stage.open(`period=${exact()}&by=${by}`);
      const { rxBytes, txBytes } = answer.total;
      assert.ok(rxBytes > 1e9 && wanted.length > 1);
      assert.deepEqual(await stage.totals(), [rxBytes, txBytes]);
      assert.deepEqual(
        new Map((await stage.rows()).map(([key, ...bytes]) => [key, bytes])),
        new Map(wanted.map(([key, ...bytes]) => [key, bytes])),
      );
    });
  }

  it("tells networks apart, loopback among them, and shows loopback alone", async () => {
    const answer = await stage.history(...ofPeriod(), "--by", "scope");
    await stage.open(`period=${exact()}&by=scope`);
    assert.deepEqual(
      await stage.rows(),
      answer.rows.map(({ key, rxBytes, txBytes }) => [key, rxBytes, txBytes]),
    );
    const loopback = answer.rows.find(({ key }) => key === "loopback");
    assert.ok(loopback !== undefined && loopback.rxBytes > 0);
    await page.getByRole("combobox", { name: "Networks" }).selectOption("loopback");
    await page.waitForURL(/scope=loopback/);
    await stage.answered();
    assert.deepEqual(await stage.totals(), [loopback.rxBytes, loopback.txBytes]);
  });

  it("shows a transfer of now within what headers add, the same as the command line", async () => {
    const from = { address: world.b.ip4, port: PORT, bytes: FETCHED_BYTES };
    await programs.fetch(world.a, "fetcher", from);
    await stage.open("period=hour&by=application");
    const row = page.locator(".ranking tr[data-row]", {
      has: page.getByText("fetcher", { exact: true }),
    });
    const figure = row.locator(".c-volume.d .figure");
    await until(async () => (await bytesOf(figure)) >= FETCHED_BYTES);
    const shown = await bytesOf(figure);
    assert.ok(shown >= FETCHED_BYTES && shown <= FETCHED_BYTES * MOST_OVERHEAD, `${shown} bytes`);
    const { rows } = await stage.history("--last", "1h", "--app", "fetcher");
    assert.equal(shown, rows[0] && networks(rows[0])[0]);
  });

  it("leads from an application's page to its history, and back to what it does now", async () => {
    await page.goto(`${stage.daemon.origin}/applications`);
    await page.getByRole("link", { name: "fetcher", exact: true }).click();
    const main = page.getByRole("main");
    await main.getByRole("link", { name: "History", exact: true }).click();
    await page.waitForURL(/\/history\?.*by=remote&application=path:.*fetcher/);
    await stage.answered();
    await page.locator(".history-trail .chip", { hasText: "fetcher" }).waitFor();
    await page.getByRole("link", { name: "What it does now" }).click();
    await page.getByRole("heading", { level: 1, name: "fetcher" }).waitFor();
  });

  it("shows the countries of a period on the map, and leads on from there", async () => {
    await stage.open(`period=${exact()}&by=country`);
    const map = page.getByRole("region", { name: "Map" });
    await map.locator(".land.s4, .land.s3, .land.s2, .land.s1").first().waitFor();
    const { rows } = await stage.history(...ofPeriod(), "--by", "country");
    const known = rows.filter(({ key, rxBytes, txBytes }) => key !== "" && rxBytes + txBytes > 0);
    const drawn = await map.locator("[class*='land s']").count();
    assert.equal(drawn, known.length);
    const largest = known[0];
    assert.ok(largest !== undefined);
    await map.locator("[class*='land s']").first().dispatchEvent("pointerenter");
    await map.locator(".said", { hasText: ":" }).waitFor();
    await map.locator(".land.s3, .land.s4").first().dispatchEvent("click");
    await page.waitForURL(/country=[A-Z]{2}/);
    await stage.answered();
    const [, code] = /country=([A-Z]{2})/.exec(page.url()) ?? [];
    const wanted = known.find(({ key }) => key === code);
    assert.deepEqual(await stage.totals(), wanted && networks(wanted));
  });

  it("looks closer at what the pointer chooses, and goes back step by step", async () => {
    await stage.open(`period=${exact()}&by=application`);
    const before = await stage.totals();
    await drag(page, 0.25, 0.5);
    await page.waitForURL(/zoom=/);
    await stage.answered();
    const zoom = zoomOf(page);
    // Within a step of where the pointer was.
    assert.ok(
      Math.abs(zoom.fromMs - (PERIOD.fromMs + DAY_MS / 2)) <= 900_000 * 2,
      iso(zoom.fromMs),
    );
    assert.ok(Math.abs(zoom.toMs - (PERIOD.fromMs + DAY_MS)) <= 900_000 * 2, iso(zoom.toMs));
    const { total } = await stage.history(...ofPeriod(zoom));
    assert.deepEqual(await stage.totals(), [total.rxBytes, total.txBytes]);
    assert.ok((total.rxBytes ?? 0) < (before[0] ?? 0));
    await drag(page, 0.6, 0.9);
    await page.waitForURL(/zoom=.*zoom=/);
    await stage.answered();
    await page.getByRole("link", { name: "Step back" }).click();
    await stage.answered();
    assert.deepEqual(await stage.totals(), [total.rxBytes, total.txBytes]);
    await page.goBack();
    await page.waitForURL(/zoom=.*zoom=/);
    await page.goBack();
    await page.goBack();
    await stage.answered();
    assert.deepEqual(await stage.totals(), before);
  });

  it("looks closer with the keyboard alone", async () => {
    await stage.open(`period=${exact()}&by=application`);
    const before = await stage.totals();
    await page.locator(".past .stage").focus();
    await page.keyboard.press("Home");
    for (let count = 0; count < 5; count += 1) await page.keyboard.press("PageDown");
    const said = await page.locator(".past [aria-live]").textContent();
    assert.match(said ?? "", /: download .* upload /);
    for (let count = 0; count < 12; count += 1) await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Enter");
    await page.waitForURL(/zoom=/);
    await stage.answered();
    const zoom = zoomOf(page);
    assert.equal(zoom.toMs - zoom.fromMs, 13 * 900_000);
    const { total } = await stage.history(...ofPeriod(zoom));
    assert.deepEqual(await stage.totals(), [total.rxBytes, total.txBytes]);
    await page.locator(".past .stage").focus();
    await page.keyboard.press("Backspace");
    await page.waitForURL((url) => !url.search.includes("zoom"));
    await stage.answered();
    assert.deepEqual(await stage.totals(), before);
    await page.locator(".past .stage").focus();
    await page.keyboard.press(",");
    await page.waitForURL((url) => !url.search.includes(exact()));
  });

  it("drills down from an application to its remotes and to the services of each hour", async () => {
    await stage.open(`period=${exact()}&by=application`);
    await page.getByRole("link", { name: "browser", exact: true }).last().click();
    await page.waitForURL(/by=remote&application=path:\/usr\/bin\/browser/);
    await stage.answered();
    const ofBrowser = await stage.history(...ofPeriod(), "--by", "remote", "--app", "browser");
    assert.deepEqual(
      await stage.rows(),
      ofBrowser.rows.map((row) => [row.key, ...networks(row)]),
    );
    const remote = ofBrowser.rows[0]?.key ?? "";
    await page.locator(".ranking").getByRole("link", { name: remote, exact: true }).click();
    await page.waitForURL(/by=connections/);
    await page.waitForSelector(".stored tr[data-row]");
    await stage.answered();
    const wanted = ofBrowser.rows[0];
    assert.deepEqual(await stage.totals(), wanted && networks(wanted));
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
      await stage.cli("export", ...ofPeriod(), "--level", "minute", "--format", "jsonl"),
    );
    const counts = Map.groupBy(
      rows.filter(({ scope }) => scope !== "loopback"),
      ({ from }) => from,
    );
    const [minute, own] = [...counts].sort((a, b) => b[1].length - a[1].length)[0] ?? ["", []];
    const fromMs = Date.parse(minute);
    await stage.open(`period=${exact({ fromMs, toMs: fromMs + 60_000 })}&by=connections`);
    await page.waitForSelector(".stored tr[data-row]");
    assert.ok(own.length > 3);
    assert.equal(await page.locator(".stored tr[data-row]").count(), own.length);
    const sum = own.reduce((all, { rx_bytes }) => all + rx_bytes, 0);
    assert.equal(await sumOf(page.locator(".stored td.c-volume.d .figure")), sum);
  });

  it("is the same again from its address alone, in another tab", async () => {
    await stage.open(`period=${exact()}&by=country&scope=internet&compare=1&sort=rx&units=bytes`);
    await drag(page, 0.1, 0.9);
    await page.waitForURL(/zoom=/);
    await stage.answered();
    const text = (at: Page) => at.locator("main").innerText();
    const said = await text(page);
    assert.match(said, /MB\/s|kB\/s/);
    const tab = await stage.context.newPage();
    await tab.goto(page.url());
    await stage.answered(tab);
    assert.equal(await text(tab), said);
    await tab.close();
    await stage.open(`period=${exact()}&units=bits`);
  });

  it("compares with the time before", async () => {
    await stage.open(`period=${exact()}&by=application&compare=1`);
    const answer = await stage.history(...ofPeriod(), "--by", "application", "--compare");
    const old = answer.rows.find(({ name }) => name === "browser")?.before;
    const row = page.locator(".ranking tr[data-row]", {
      has: page.getByText("browser", { exact: true }),
    });
    const title = await row.locator(".c-change small").getAttribute("title");
    assert.ok(old !== null && old !== undefined);
    assert.equal(Number(title?.replace(/\D/g, "")), old.rxBytes + old.txBytes);
  });

  it("finds a row by a part of its name", async () => {
    await stage.open(`period=${exact()}&by=remote`);
    await page.keyboard.press("/");
    await page.keyboard.type("EXAMPLE.NET");
    await page.waitForURL(/find=EXAMPLE.NET/);
    await waitFor(page, `document.querySelectorAll(".ranking tr[data-row]").length < 5`);
    for (const [key] of await stage.rows()) assert.match(key, /example\.net/);
  });

  it("says why there is nothing", async () => {
    await stage.open(
      `period=${exact({ fromMs: MIDNIGHT_MS - 900 * DAY_MS, toMs: MIDNIGHT_MS - 899 * DAY_MS })}`,
    );
    await page.getByText(/The history begins on/).waitFor();
    await page.getByRole("link", { name: "Show its first day" }).click();
    await page.waitForSelector(".ranking tr[data-row]");
    await stage.open(
      `period=${exact({ fromMs: Date.now() + DAY_MS, toMs: Date.now() + 2 * DAY_MS })}`,
    );
    await page.getByText("This is still to come.").waitFor();
    const night = {
      fromMs: MIDNIGHT_MS - 2 * DAY_MS + 7_200_000,
      toMs: MIDNIGHT_MS - 2 * DAY_MS + 14_400_000,
    };
    await stage.open(`period=${exact(night)}`);
    await page.getByText("Nothing is known of this time: Monitauri was off.").waitFor();
    await stage.open(`period=${exact()}&remote=nobody.example`);
    await page.getByText("Nothing in this period fits.").waitFor();
  });

  it("broke no rule of its policy and threw nothing", () => {
    assert.deepEqual(stage.complaints, []);
  });
});

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
