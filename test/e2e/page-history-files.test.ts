// The history on the page: files of what it shows, keyboard, narrow windows, accessibility, and no history at all.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { faults, skipWithoutBrowser, waitFor } from "../page/checks.ts";
import {
  exact,
  type HistoryStage,
  ofPeriod,
  openHistoryStage,
  PERIOD,
} from "../page/history-stage.ts";
import { openContext, openPage, serveDaemon } from "../page/page.ts";

describe("history on the page, as files and for everybody", {
  skip: await skipWithoutBrowser(),
}, () => {
  let stage: HistoryStage;
  let page: Page;

  before(async () => {
    stage = await openHistoryStage();
    page = stage.page;
  });

  after(() => stage?.[Symbol.asyncDispose]());

  for (const [format, title] of [
    ["csv", "CSV"],
    ["jsonl", "JSON lines"],
    ["parquet", "Parquet"],
  ] as const) {
    it(`exports the same rows as the command line, ${format}`, async () => {
      await stage.open(`period=${exact()}&by=remote&application=path:/usr/bin/browser`);
      await page.getByRole("button", { name: "Export" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("button", { name: title }).click();
      await dialog.getByRole("button", { name: "minute" }).click();
      const coming = page.waitForEvent("download");
      await dialog.getByRole("button", { name: "Export" }).click();
      const download = await coming;
      assert.match(download.suggestedFilename(), new RegExp(`^monitauri-.*-minutes\\.${format}$`));
      await dialog.getByRole("status").waitFor();
      const file = join(stage.data, `wanted.${format}`);
      const words = ["--level", "minute", "--format", format, "--app", "browser"];
      await stage.cli("export", ...ofPeriod(), ...words, "--output", file);
      const got = readFileSync(await download.path());
      assert.ok(got.length > 5_000);
      assert.deepEqual(got, readFileSync(file));
      await dialog.getByRole("button", { name: "Close" }).click();
    });
  }

  it("exports processes, the same rows as the command line", async () => {
    await stage.open(`period=${exact()}&by=process`);
    await page.getByRole("button", { name: "Export" }).click();
    const dialog = page.getByRole("dialog");
    assert.equal(
      await dialog.getByRole("button", { name: "processes" }).getAttribute("aria-pressed"),
      "true",
    );
    await dialog.getByRole("button", { name: "hour" }).click();
    const coming = page.waitForEvent("download");
    await dialog.getByRole("button", { name: "Export" }).click();
    const download = await coming;
    assert.match(download.suggestedFilename(), /^monitauri-.*-processes-hours\.csv$/);
    await dialog.getByRole("status").waitFor();
    const file = join(stage.data, "wanted.csv");
    const words = ["--level", "hour", "--by", "process", "--scope", "networks"];
    await stage.cli("export", ...ofPeriod(), ...words, "--output", file);
    const got = readFileSync(await download.path());
    assert.ok(got.length > 1_000);
    assert.deepEqual(got, readFileSync(file));
    await dialog.getByRole("button", { name: "Close" }).click();
  });

  it("writes an export piece by piece where the browser can, shows how far it is, and stops when told to", async () => {
    const tab = await stage.context.newPage();
    await tab.addInitScript(SLOW_FILE);
    await stage.open(`period=${exact()}&by=application`, tab);
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
    assert.equal(
      written,
      await stage.cli("export", ...ofPeriod(), "--level", "minute", "--scope", "networks"),
    );
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
        await stage.open(question);
        assert.deepEqual(await faults(page), [], question);
      }
      await stage.open(`period=${exact()}`);
      await page.getByText("From – to").click();
      assert.deepEqual(await faults(page), [], "exact times");
      await page.getByText("From – to").click();
      await page.getByRole("button", { name: "Export" }).click();
      assert.deepEqual(await faults(page), [], "export");
      await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    });
  }

  it("shows the days of the daemon's zone, and says so where the browser is in another", async () => {
    const away = await stage.browser.newContext({ timezoneId: "Pacific/Kiritimati" });
    const tab = await openPage(away, stage.daemon);
    const days = `period=${exact()}&by=application`;
    await stage.open(days);
    const trail = (at: Page) => at.locator(".history-trail").innerText();
    const said = await trail(page);
    await stage.open(days, tab);
    assert.equal(await trail(tab), said);
    const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    await tab.locator(".note", { hasText: `times of ${zone}` }).waitFor();
    assert.equal(await page.locator(".note", { hasText: "times of" }).count(), 0);
    await away.close();
  });

  it("shows no host and no user with names hidden, but the same numbers", async () => {
    const tab = await stage.context.newPage();
    for (const [by, names] of [
      ["remote", /(news|maps|forum)\.example|backup\.example\.net/],
      ["user", /\bada\b/],
    ] as const) {
      const question = `period=${exact()}&by=${by}`;
      await stage.open(question, tab);
      const figures = () => tab.locator(".ranking .figure").allTextContents();
      const [plain, before] = [await tab.locator("main").innerText(), await figures()];
      assert.match(plain, names, "they are there to be hidden");
      await tab.getByLabel("Settings").click();
      await tab.getByText("Hidden", { exact: true }).click();
      await tab.waitForURL(`${stage.daemon.origin}/`);
      await stage.open(question, tab);
      assert.doesNotMatch(await tab.locator("main").innerText(), names);
      assert.deepEqual(await figures(), before);
      await tab.getByLabel("Settings").click();
      await tab.getByText("Shown", { exact: true }).click();
      await tab.waitForURL(`${stage.daemon.origin}/`);
    }
    await tab.close();
  });

  it("never scrolls sideways at 360 pixels", async () => {
    const narrow = await openContext(stage.browser, { width: 360, height: 760 });
    const phone = await openPage(narrow, stage.daemon);
    for (const question of [
      `period=${exact()}&by=application&compare=1`,
      `period=${exact()}&by=remote&application=path:/usr/bin/browser&remote=${"x".repeat(200)}`,
      `period=${exact()}&by=remote&application=path:/usr/bin/browser`,
      `period=${exact()}&by=connections`,
    ]) {
      await stage.open(question, phone);
      const beyond = await phone.evaluate("document.documentElement.scrollWidth - innerWidth");
      assert.ok(Number(beyond) <= 0, `${question} scrolls ${beyond} pixels sideways`);
    }
    await narrow.close();
  });

  it("opens with g h, takes exact times, and keeps a billing cycle's day", async () => {
    await page.goto(`${stage.daemon.origin}/`);
    await page.waitForSelector(".nums .digits");
    await page.keyboard.press("g");
    await page.keyboard.press("h");
    await page.waitForURL(/\/history\?period=today&by=application&units=bits/);
    await stage.answered();
    await page.getByText("From – to").click();
    const local = (ms: number) => new Date(ms).toLocaleString("sv-SE").replace(" ", "T");
    await page.getByLabel("From", { exact: true }).fill(local(PERIOD.fromMs));
    await page.getByLabel("To", { exact: true }).fill(local(PERIOD.toMs));
    await page.getByLabel("The billing cycle begins on day").fill("15");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.waitForURL((url) => url.search.includes(exact()));
    await stage.answered();
    await page.getByRole("button", { name: "Billing cycle" }).click();
    await page.waitForURL(/period=cycle&cycleDay=15/);
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("History", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
  });

  it("says that there is no history where it is switched off", async () => {
    const other = mkdtempSync(join(tmpdir(), "page-history-off-"));
    writeFileSync(join(other, "config.toml"), "history = false\n");
    const off = await serveDaemon({ data: other, interval: "500ms" });
    try {
      const stranger = await openContext(stage.browser);
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
    assert.deepEqual(stage.complaints, []);
  });
});

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
