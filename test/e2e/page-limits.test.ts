// Limits on the page, in a real browser on a real daemon whose kernel is made up: what is typed, shown and asked for.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { LimitList } from "../../src/model/limit.ts";
import { openBrowser, openContext, whyNoBrowser } from "../page/page.ts";
import { monitauri, type Program, start } from "../programs.ts";
import { buildOnce } from "./real-daemon.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WAIT_MS = 15_000;

describe("limits on the page", { skip: whyNoBrowser() }, () => {
  const data = mkdtempSync(join(tmpdir(), "page-limits-"));
  const complaints: string[] = [];
  let daemon: Program;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    await buildOnce();
    const args = [join(ROOT, "test", "fixtures", "scripted-daemon.ts"), data, "500"];
    daemon = start(args, { PAGE_FOLDER: join(ROOT, "dist", "ui") }, 300_000);
    await daemon.says(/Ctrl-C stops/);
    browser = await openBrowser();
    context = await openContext(browser);
    context.setDefaultTimeout(WAIT_MS);
    context.on("weberror", (error) => complaints.push(String(error.error())));
    page = await context.newPage();
    await page.goto(/http:\/\/\S+#code=\S+/.exec(daemon.stdout())?.[0] ?? "");
    await page.waitForSelector(".nums .digits");
  });
  after(async () => {
    await browser?.close();
    daemon?.child.kill();
    await daemon?.ended;
    rmSync(data, { recursive: true, force: true });
    assert.deepEqual(complaints, []);
  });

  it("is quiet when empty: a sentence and the one thing to do", async () => {
    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await page.getByText("Nothing is limited.").waitFor();
    assert.match(
      await page.locator("main").innerText(),
      /Cap a program from its row in Applications/,
    );
    assert.deepEqual(await faults(page), []);
  });

  it("limits the application of a row with l, from the keyboard alone", async () => {
    await page.keyboard.press("g");
    await page.keyboard.press("a");
    await page.locator("tr[data-row] .limit-button").first().waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("l");
    const dialog = page.locator("dialog.limit-form");
    await dialog.waitFor();
    assert.equal(await page.locator("#limit-who").inputValue(), "/usr/bin/curl");
    await page.keyboard.type("5 Mbit/s");
    assert.equal(await page.getByLabel("Download, at most").inputValue(), "5 Mbit/s");
    await page.getByText("What will be done").click();
    await dialog.locator("pre").waitFor();
    assert.match(await dialog.locator("pre").innerText(), /^limit l1 application$/);
    assert.deepEqual(await faults(page), []);
    await page.getByLabel("Upload, at most").focus();
    await page.keyboard.type("800kbit");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    const { limits } = await listed();
    assert.deepEqual(
      limits.map(({ rule }) => [rule.target, rule.rxBytesPerSecond, rule.txBytesPerSecond]),
      [[{ kind: "application", pattern: "/usr/bin/curl" }, 625_000, 100_000]],
    );
  });

  it("marks what is limited in its row, with target and what is held", async () => {
    const chip = page.locator("tr[data-row] .limit-chip").first();
    await chip.waitFor();
    const text = (await chip.innerText()).replace(/\s+/g, " ");
    assert.match(text, /↓ 5\.00 Mbit\/s held 5\.00 ↑ 800 kbit\/s held 800/);
    await page.locator(".apps .c-name a").first().click();
    await page.locator(".head .limit-chip").waitFor();
    await page.keyboard.press("l");
    await page.getByRole("heading", { name: "Change l1" }).waitFor();
    assert.equal(await page.getByLabel("Upload, at most").inputValue(), "800 kbit/s");
    await page.keyboard.press("Escape");
    await page.locator("dialog.limit-form").waitFor({ state: "detached" });
  });

  it("shows target against achieved, and switches off and on", async () => {
    await page.locator(".entry[title=Limits]").click();
    const row = page.locator(".limits tr[data-row]").first();
    await row.getByText("holds").waitFor();
    const meter = row.getByRole("meter", { name: "Download held" });
    assert.equal(await meter.getAttribute("aria-valuetext"), "5.00 Mbit/s of 5.00 Mbit/s");
    await row.getByRole("button", { name: /Switch off/ }).click();
    await row.getByText("off", { exact: true }).waitFor();
    assert.equal((await listed()).limits[0]?.state, "disabled");
    await row.getByRole("button", { name: /Switch on/ }).click();
    await row.getByText("holds").waitFor();
    assert.deepEqual(await faults(page), []);
  });

  it("says what is wrong while one types, and keeps the old state", async () => {
    await page.getByRole("button", { name: "New limit" }).click();
    await page.locator("#limit-who").fill("*");
    await page.getByLabel("Download, at most").fill("5");
    await page.getByText("Of what? Write 5 Mbit/s or 1.5 MB/s.").waitFor();
    await page.getByRole("button", { name: "Add the limit" }).click();
    await page.getByRole("alert").getByText("One of the rates is none that can be.").waitFor();
    await page.getByLabel("Download, at most").fill("0 Mbit/s");
    await page.getByText("Nothing would pass: choose Block.").waitFor();
    await page.getByLabel("Download, at most").fill("5 Mbit/s");
    await page
      .getByRole("alert")
      .getByText(/is every program, Monitauri too/)
      .waitFor();
    await page.getByLabel("Holds").fill("sometimes");
    await page.getByText("Write it as mon-fri 09:00-18:00").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    assert.equal((await listed()).limits.length, 1);
  });

  it("has a slider and a typed entry that follow each other, and templates", async () => {
    await page.getByRole("button", { name: "New limit" }).click();
    await page.locator("#limit-who").fill("wget");
    const text = page.getByLabel("Download, at most");
    const slider = page.getByLabel("Download, slider");
    assert.equal(await slider.getAttribute("aria-valuetext"), "no cap");
    await slider.focus();
    await page.keyboard.press("Home");
    assert.equal(await text.inputValue(), "8 kbit/s");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("End");
    assert.equal(await text.inputValue(), "");
    await text.fill("1.5MB/s");
    assert.equal(await slider.getAttribute("aria-valuetext"), "12.0 Mbit/s");
    await page.getByText(/^The line:/).click();
    await page.getByLabel("Download", { exact: true }).fill("100 Mbit/s");
    await page.getByLabel("Upload", { exact: true }).fill("40 Mbit/s");
    await page.getByRole("button", { name: "Half of the line" }).click();
    assert.equal(await text.inputValue(), "50 Mbit/s");
    assert.equal(await page.getByLabel("Upload, at most").inputValue(), "20 Mbit/s");
    await page.getByLabel("Holds").fill("mon-fri 09:00-18:00");
    await page.getByRole("button", { name: "Add the limit" }).click();
    await page.locator("dialog.limit-form").waitFor({ state: "detached" });
    const { limits } = await listed();
    assert.deepEqual(limits.at(-1)?.rule.schedule, [
      { days: ["mon", "tue", "wed", "thu", "fri"], from: "09:00", to: "18:00" },
    ]);
  });

  async function listed(): Promise<LimitList> {
    const { code, stdout, stderr } = await monitauri(data, ["limit", "list", "--json"]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as LimitList;
  }
});

interface AxeFault {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: AxeFault[] }> };
    };
    return (await axe.run()).violations;
  });
  return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}
