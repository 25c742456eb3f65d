// Alerts on the page, in a real browser: a rule that a real transfer breaks, a place that a real server answers for.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import { faults, skipWithoutBrowser } from "../page/checks.ts";
import {
  openBrowser,
  openContext,
  openPage,
  type ServedDaemon,
  serveDaemon,
} from "../page/page.ts";
import { openPrograms, type Programs } from "../page/programs.ts";
import { buildOnce, until } from "./real-daemon.ts";
import { makeWorld, type World } from "./world.ts";

const PORT = 7444;
const TABS = ["/alerts", "/alerts/rules", "/alerts/channels"];
const HOSTILE = "<img src=x onerror=document.title=1>";

describe("alerts on the page", { skip: await skipWithoutBrowser() }, () => {
  const data = mkdtempSync(join(tmpdir(), "page-alerts-"));
  const received: string[] = [];
  const hook = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    request.on("end", () => {
      received.push(text);
      response.writeHead(200).end("ok");
    });
  });
  let world: World;
  let programs: Programs;
  let daemon: ServedDaemon;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  before(async () => {
    await buildOnce();
    world = await makeWorld({ host: true });
    programs = openPrograms();
    hook.listen(0, "127.0.0.1");
    daemon = await serveDaemon({ data, interval: "500ms" });
    browser = await openBrowser();
    const context = await openContext(browser);
    context.on("weberror", (error) => complaints.push(String(error.error())));
    programs.serve(world.b, world.b.ip4, PORT);
    page = await openPage(context, daemon);
  });

  after(async () => {
    await browser?.close();
    await daemon?.kill();
    hook.close();
    programs?.[Symbol.dispose]();
    await world?.close();
    rmSync(data, { recursive: true, force: true });
  });

  it("adds a place, keeps its address secret, and says what a real message came to", async () => {
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await page.waitForURL(/\/alerts$/);
    await page.getByText("Nothing has fired").waitFor();
    await page.getByRole("link", { name: "Where alerts go" }).click();
    await page.getByRole("button", { name: "New place" }).click();
    await page.getByLabel("Send alerts to").selectOption("webhook");
    const { port } = hook.address() as AddressInfo;
    await page.getByLabel("Address", { exact: true }).fill(`http://127.0.0.1:${port}/secret-path`);
    await page.getByLabel("it may be in this computer").check();
    await page.getByLabel("Name of this place").fill("hook");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText("webhook (JSON, signed)").waitFor();
    await page.getByRole("button", { name: "Send a test" }).click();
    await page.getByText("It works.").waitFor();
    assert.equal(received.length, 1);
    assert.doesNotMatch(await page.content(), /secret-path/);
  });

  it("makes a rule from a sentence, refuses what makes no sense, and tells what the last week says", async () => {
    await page.goto(`${daemon.origin}/alerts/rules`);
    await page.getByRole("button", { name: "New rule" }).click();
    await page.getByLabel("Threshold").fill("much");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText("write 10mbit or 1.5MB/s").waitFor();
    await page.getByLabel("Threshold").fill("2mbit");
    await page.getByLabel("For", { exact: true }).fill("0");
    await page.getByLabel("hook").check();
    await page.getByText("a program moves more than 2.00 Mbit/s").waitFor();
    await page.getByText(/would have fired|cannot tell|history/).waitFor();
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText("to hook").waitFor();
  });

  it("shows what a real transfer set off, with its program and the number of unread ones", async () => {
    const from = { address: world.b.ip4, port: PORT, bytes: 20_000_000 };
    await programs.fetch(world.a, "greedy", from);
    await page.goto(`${daemon.origin}/alerts`);
    const card = page.locator(".alert", { hasText: "greedy" }).first();
    await card.waitFor();
    await page.locator(".badge").waitFor();
    await card.getByRole("link", { name: "greedy" }).first().waitFor();
    const came = await until(async () => received.some((text) => text.includes("greedy")));
    assert.ok(came, "the webhook did not get it");
    await page.getByRole("button", { name: "Mark all as read" }).click();
    await page.locator(".badge").waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Unread" }).click();
    await page.getByText("You have read them all").waitFor();
  });

  it("shows a program's name that holds HTML as text", async () => {
    const from = { address: world.b.ip4, port: PORT, bytes: 20_000_000 };
    await programs.fetch(world.a, HOSTILE, from);
    await page.goto(`${daemon.origin}/alerts`);
    await page.locator(".alert", { hasText: HOSTILE }).first().waitFor();
    assert.equal(await page.locator("img").count(), 0);
  });

  it("changes, rests and removes a rule", async () => {
    await page.goto(`${daemon.origin}/alerts/rules`);
    await page.getByRole("button", { name: "Change" }).click();
    assert.equal(await page.getByLabel("Threshold").inputValue(), "2mbit");
    await page.getByLabel("Threshold").fill("3mbit");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("a program moves more than 3.00 Mbit/s").waitFor();
    await page.getByRole("button", { name: "Rest 1 h" }).click();
    await page.getByText(/rests until/).waitFor();
    await page.getByRole("button", { name: /^Remove/ }).click();
    await page.getByRole("button", { name: /^Really remove/ }).click();
    await page.getByText("No rules yet").waitFor();
  });

  for (const theme of ["light", "dark"] as const) {
    it(`has no serious fault of accessibility, ${theme}`, async () => {
      await page.emulateMedia({ colorScheme: theme });
      for (const tab of TABS) {
        await page.goto(`${daemon.origin}${tab}`);
        await page.waitForSelector(".alert, .alert-rules, .start");
        assert.deepEqual(await faults(page), [], tab);
      }
      await page.goto(`${daemon.origin}/alerts/rules`);
      await page.getByRole("button", { name: "New rule" }).click();
      await page.waitForSelector("dialog[open]");
      assert.deepEqual(await faults(page), [], "editor of a rule");
      await page.keyboard.press("Escape");
      await page.waitForSelector("dialog.modal", { state: "detached" });
    });
  }

  it("never scrolls sideways at 360 pixels", async () => {
    await page.setViewportSize({ width: 360, height: 760 });
    for (const tab of TABS) {
      await page.goto(`${daemon.origin}${tab}`);
      await page.waitForSelector(".alert, .alert-rules, .start");
      const beyond = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      assert.ok(Number(beyond) <= 0, `${tab} scrolls ${beyond} pixels sideways`);
    }
  });

  it("threw nothing", () => {
    assert.deepEqual(complaints, []);
  });
});
