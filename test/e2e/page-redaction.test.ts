// What a picture of the page gives away: with names hidden no view has one of them, and filters still find what is shown.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Page } from "playwright-core";
import { serveInvented } from "../page/invented-server.ts";
import { openBrowser, openContext, whyNoBrowser } from "../page/page.ts";
import { buildOnce } from "./real-daemon.ts";

/** Of test/page/invented.ts: its people, hosts and addresses. */
const ORIGINALS =
  /\bada\b|host-\d+\.example|www\.example\.net|\bexample\.com\b|\b203\.0\.\d+\.\d+|\b192\.0\.2\.\d+/;
const VIEWS = [
  "/",
  "/applications",
  "/application?key=path:/opt/programs/1",
  "/connections",
  "/places",
  "/country?code=DE",
  "/health",
];

describe("the page with names hidden", { skip: whyNoBrowser() ?? false }, () => {
  it("shows none of them, in no view and in nothing that is copied", {
    timeout: 180_000,
  }, async () => {
    await buildOnce();
    await using server = await serveInvented({
      applications: 20,
      active: 20,
      connections: 100,
      remembered: 30,
      startedAtMs: Date.now() - 60_000,
    });
    const browser = await openBrowser();
    try {
      const context = await openContext(browser);
      await context.grantPermissions(["clipboard-read", "clipboard-write"]);
      const page = await context.newPage();
      await page.goto(`${server.origin}/connections#code=any`);
      await page.waitForSelector("tr[data-row]");
      assert.match(await shown(page), ORIGINALS, "they are there to be hidden");

      await page.getByLabel("Settings").click();
      await page.getByText("Hidden", { exact: true }).click();
      await page.waitForURL(`${server.origin}/`);
      for (const view of VIEWS) {
        await page.goto(`${server.origin}${view}`);
        await page.waitForSelector("h1");
        await page.waitForTimeout(1_500);
        const found = ORIGINALS.exec(await shown(page));
        assert.equal(found?.[0], undefined, view);
        assert.doesNotMatch(await page.title(), ORIGINALS);
      }
      await page.goto(`${server.origin}/connections`);
      await page.locator("tr[data-row] .c-remote a").first().click();
      await page.waitForURL(/\/remote\?/);
      await page.waitForSelector("dl.facts");
      await page.waitForTimeout(1_500);
      assert.doesNotMatch(await shown(page), ORIGINALS);
      assert.doesNotMatch(page.url(), ORIGINALS);
      await page.getByRole("button", { name: /copy/i }).click();
      const copied = await clipboard(page);
      assert.match(copied, /240\.0\.0\./);
      assert.doesNotMatch(copied, ORIGINALS);
    } finally {
      await browser.close();
    }
  });
});

/** All of the document but examples of what can be typed. */
async function shown(page: Page): Promise<string> {
  return (await page.content())
    .replaceAll(/ placeholder="[^"]*"/g, "")
    .replaceAll(/<ul class="examples">.*?<\/ul>/gs, "");
}

async function clipboard(page: Page): Promise<string> {
  return String(await page.evaluate("navigator.clipboard.readText()"));
}
