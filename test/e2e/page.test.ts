// The page in a real browser, on a real daemon that counts real traffic.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { bytesOf, faults, skipWithoutBrowser, waitFor } from "../page/checks.ts";
import { HOSTILE_NAMES } from "../page/invented.ts";
import { serveInvented } from "../page/invented-server.ts";
import {
  openBrowser,
  openContext,
  openPage,
  type ServedDaemon,
  serveDaemon,
} from "../page/page.ts";
import { openPrograms, type Programs } from "../page/programs.ts";
import { killGroup } from "./generators/place.ts";
import { buildOnce, until } from "./real-daemon.ts";
import { makeWorld, type World } from "./world.ts";

const FETCHED_BYTES = 20_000_000;
/** Headers of full segments, acknowledgements and what is sent again. */
const MOST_OVERHEAD = 1.08;
const NO_PAINTER = `
  delete HTMLCanvasElement.prototype.transferControlToOffscreen;
  delete globalThis.OffscreenCanvas;`;
/** A canvas that was handed to another thread has no pixels for the page: then this is an error, which is waited out. */
const PAINTED = `(() => {
  const canvas = document.querySelector(".mirror canvas");
  try {
    return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean);
  } catch {
    return false;
  }
})()`;
const HOSTILE = "<img src=x onerror=document.title=1>";
const PORT = 7443;
const VIEWS = [
  "/",
  "/applications",
  "/connections",
  "/listening",
  "/places",
  "/country?code=DE",
  "/health",
  "/nowhere",
];

describe("page", { skip: await skipWithoutBrowser() }, () => {
  const data = mkdtempSync(join(tmpdir(), "page-"));
  let world: World;
  let programs: Programs;
  let daemon: ServedDaemon;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  before(async () => {
    await buildOnce();
    world = await makeWorld({ host: true });
    programs = openPrograms();
    daemon = await serveDaemon({ data, interval: "500ms" });
    browser = await openBrowser();
    context = await openContext(browser);
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

  const rowOf = (name: string) =>
    page.locator("tr[data-row]", { has: page.getByText(name, { exact: true }) });

  it("takes the code out of the address", () => {
    assert.equal(page.url(), `${daemon.origin}/`);
  });

  it("shows the size of a transfer, within what headers add", async () => {
    const from = { address: world.b.ip4, port: PORT, bytes: FETCHED_BYTES };
    await programs.fetch(world.a, "fetcher", from);
    await page.goto(`${daemon.origin}/applications`);
    const figure = rowOf("fetcher").locator(".c-total .figure");
    await until(async () => (await bytesOf(figure)) >= FETCHED_BYTES);
    const bytes = await bytesOf(figure);
    assert.ok(
      bytes >= FETCHED_BYTES && bytes <= FETCHED_BYTES * MOST_OVERHEAD,
      `${bytes} bytes on the page`,
    );
  });

  it("shows a name that holds HTML as text", async () => {
    const from = { address: world.b.ip4, port: PORT, bytes: 1000 };
    await programs.fetch(world.a, HOSTILE, from);
    await rowOf(HOSTILE).waitFor();
    assert.equal(await page.locator("img").count(), 0);
    assert.notEqual(await page.title(), "1");
  });

  it("has the past again after a reload, and in a new tab without a code", async () => {
    await page.goto(`${daemon.origin}/`);
    // From here on only the test's own traffic counts: its interface has no other.
    await page.getByLabel("Interface").selectOption(world.a.device);
    await waitFor(page, PEAK);
    const peak = await page.evaluate(PEAK);
    await page.reload();
    await waitFor(page, PEAK);
    assert.equal(await page.evaluate(PEAK), peak);
    const tab = await context.newPage();
    await tab.goto(`${daemon.origin}/`);
    await waitFor(tab, PEAK);
    assert.equal(await tab.evaluate(PEAK), peak);
    await tab.close();
  });

  it("paints its charts by itself where the painter does not load, or the browser knows none", async () => {
    for (const spoil of [
      (tab: Page) => tab.route(/mirror-worker/, (route) => route.abort()),
      (tab: Page) => tab.addInitScript(NO_PAINTER),
    ]) {
      const tab = await context.newPage();
      await spoil(tab);
      await tab.goto(`${daemon.origin}/`);
      await waitFor(tab, PAINTED);
      await tab.close();
    }
  });

  it("can be used with the keyboard alone", async () => {
    await page.keyboard.press("g");
    await page.keyboard.press("c");
    await page.waitForURL(`${daemon.origin}/connections`);
    // Its code comes when it is opened for the first time.
    await page.getByRole("searchbox").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("fetcher");
    await page.waitForURL(/filter=fetcher/);
    await rowOf("fetcher").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/application\?key=/);
    await page.getByRole("heading", { level: 1, name: "fetcher" }).waitFor();
    await page.goBack();
    await page.waitForURL(/connections\?filter=fetcher/);
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
  });

  it("says what is wrong with a filter", async () => {
    await page.goto(`${daemon.origin}/connections?filter=colour:red`);
    await page.getByText('Cannot filter by "colour"').waitFor();
  });

  it("leads from a connection to its remote and to who else talks to it", async () => {
    await page.goto(`${daemon.origin}/connections?filter=fetcher`);
    await rowOf("fetcher").locator(".c-remote a").first().click();
    await page.waitForURL(/\/remote\?address=/);
    await page.getByRole("heading", { name: "Who talks to it" }).waitFor();
    await rowOf("fetcher").first().waitFor();
    await rowOf(HOSTILE).first().waitFor();
  });

  it("shows the host name that a program asked for, and what it speaks", async () => {
    const client = world.a.spawn(
      "openssl",
      [
        "s_client",
        ...["-connect", `${world.b.ip4}:${PORT}`],
        ...["-servername", "news.example.org", "-alpn", "h2"],
      ],
      { stdio: ["pipe", "ignore", "ignore"] },
    );
    try {
      await page.goto(`${daemon.origin}/connections?filter=remote:news.example.org`);
      const row = rowOf("news.example.org").first();
      await row.waitFor();
      assert.equal(await row.locator(".c-proto b").textContent(), "TLS · h2");
      assert.equal(await row.locator(".c-place .names > span").textContent(), "reserved addresses");
      const said = await row.locator(".c-remote [title*=hello]").getAttribute("title");
      assert.equal(said, "news.example.org\nread from the TLS hello");
      await row.locator(".c-remote a").click();
      await page.getByRole("heading", { level: 1, name: "news.example.org" }).waitFor();
      await page.locator(".facts", { hasText: "read from the TLS hello" }).waitFor();
    } finally {
      killGroup(client);
    }
  });

  it("keeps what is paused", async () => {
    await page.goto(`${daemon.origin}/`);
    await waitFor(page, PEAK);
    await page.keyboard.press("p");
    const [caption, main] = [".mirror figcaption", ".nums"];
    const held = [await page.textContent(caption), await page.textContent(main)];
    await programs.fetch(world.a, "later", { address: world.b.ip4, port: PORT, bytes: 5_000_000 });
    assert.deepEqual([await page.textContent(caption), await page.textContent(main)], held);
    await page.keyboard.press("p");
    await rowOf("later").waitFor();
  });

  for (const theme of ["light", "dark"] as const) {
    it(`has no serious fault of accessibility, ${theme}`, async () => {
      await page.emulateMedia({ colorScheme: theme });
      await page.goto(`${daemon.origin}/applications`);
      const application = (await rowOf("fetcher").locator("a").first().getAttribute("href")) ?? "";
      for (const view of [...VIEWS, application, `/remote?address=${world.b.ip4}`]) {
        await page.goto(`${daemon.origin}${view}`);
        await waitFor(page, ANSWERED);
        assert.deepEqual(await faults(page), [], view);
      }
    });
  }

  it("says that the daemon is gone, and goes on when it is back", async () => {
    await page.goto(`${daemon.origin}/`);
    await waitFor(page, PEAK);
    const { port } = daemon;
    await daemon.stop();
    await page.getByText("The daemon does not answer since").waitFor();
    assert.ok(await rowOf("fetcher").isVisible(), "the last view is gone");
    const told = await overhear(port, 6_000);
    assert.ok(told.length > 0, "the page asks who has the port now");
    assert.deepEqual(
      told.filter((head) => /authorization|mts_/i.test(head)),
      [],
      "and tells it no token",
    );
    daemon = await serveDaemon({ data, port, interval: "500ms" });
    await page.getByText("The daemon does not answer since").waitFor({ state: "hidden" });
    await programs.fetch(world.a, "after", { address: world.b.ip4, port: PORT, bytes: 5_000_000 });
    await rowOf("after").waitFor();
  });

  it("asks to sign in again after a daemon that was killed", async () => {
    const { port } = daemon;
    await daemon.kill();
    daemon = await serveDaemon({ data, port, interval: "500ms" });
    await page.getByText("monitauri open", { exact: true }).waitFor();
    await page.getByLabel("Address or code").fill(await daemon.invite());
    await page.getByRole("button", { name: "Sign in" }).click();
    await rowOf("after").waitFor({ state: "detached" });
    await page.waitForSelector(".nums .digits");
  });

  it("asks whom it does not know to sign in, and takes a pasted address", async () => {
    const stranger = await openContext(browser);
    const other = await stranger.newPage();
    await other.goto(daemon.origin);
    await other.getByText("monitauri open", { exact: true }).waitFor();
    assert.deepEqual(await faults(other), []);
    await other.getByLabel("Address or code").fill(await daemon.invite());
    await other.getByRole("button", { name: "Sign in" }).click();
    await other.waitForSelector(".nums .digits");
    await stranger.close();
  });

  it("broke no rule of its policy and threw nothing", () => {
    assert.deepEqual(complaints, []);
  });
});

/** Another program has the daemon's port for a while: what it was asked. */
async function overhear(port: number, forMs: number): Promise<string[]> {
  const heads: string[] = [];
  const server = createServer((request, response) => {
    heads.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    response.end("{}");
  });
  server.listen(port, "127.0.0.1");
  await sleep(forMs);
  server.closeAllConnections();
  server.close();
  return heads;
}

describe("page with thousands of applications and names made to do harm", {
  skip: await skipWithoutBrowser(),
}, () => {
  it("draws only what is seen, runs nothing, and never scrolls sideways", async () => {
    await buildOnce();
    await using server = await serveInvented({
      applications: 2000,
      active: 2000,
      connections: 10_000,
      remembered: 30,
      startedAtMs: Date.now() - 60_000,
    });
    const browser = await openBrowser();
    try {
      const page = await (await openContext(browser, { width: 360, height: 760 })).newPage();
      await page.goto(`${server.origin}/#code=any`);
      await page.waitForSelector(".nums .digits");
      for (const view of [
        "/",
        "/applications",
        "/connections",
        "/application?key=path:/opt/programs/1",
      ]) {
        await page.goto(`${server.origin}${view}`);
        await page.waitForSelector("tr[data-row], .mirror");
        const { rows, beyond, harmed } = (await page.evaluate(SEEN)) as Seen;
        assert.ok(rows < 80, `${rows} rows are drawn`);
        assert.ok(beyond <= 0, `${view} scrolls ${beyond} pixels sideways`);
        assert.equal(harmed, false);
      }
      await page.goto(`${server.origin}/applications`);
      for (const name of HOSTILE_NAMES.slice(0, 4)) {
        await page.getByText(name, { exact: true }).first().waitFor();
      }
      await page.goto(`${server.origin}/connections`);
      await page.waitForSelector("tr[data-row]");
      await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)");
      await page.getByText("203.0.39.15:443").first().waitFor();
    } finally {
      await browser.close();
    }
  });
});

describe("page whose files did not all come", { skip: await skipWithoutBrowser() }, () => {
  it("says so where the view would be, and shows it when loaded again", async () => {
    await buildOnce();
    const applications = { applications: 3, active: 3, connections: 10, remembered: 3 };
    await using server = await serveInvented({ ...applications, startedAtMs: Date.now() });
    const browser = await openBrowser();
    try {
      const page = await (await openContext(browser)).newPage();
      await page.route(/\/assets\/health-/, (route) => route.abort());
      await page.goto(`${server.origin}/#code=any`);
      await page.waitForSelector("tr[data-row]");
      await page.getByRole("link", { name: "Health", exact: true }).click();
      await page.getByText("This view did not come from the daemon").waitFor();
      await page.unroute(/\/assets\/health-/);
      await page.getByRole("button", { name: "Load again" }).click();
      await page.getByRole("heading", { level: 1, name: "Health" }).waitFor();
    } finally {
      await browser.close();
    }
  });
});

/** For the browser: the highest download that the chart knows of, in its own words; undefined before there is one. */
const PEAK = `(() => {
  const said = document.querySelector(".mirror figcaption")?.textContent ?? "";
  const peak = /Download at most (.+?),/.exec(said)?.[1];
  return peak === "0 bit/s" ? undefined : peak;
})()`;

const ANSWERED = `!document.body.innerText.includes("Asking the daemon")`;

interface Seen {
  readonly rows: number;
  readonly beyond: number;
  readonly harmed: boolean;
}

const SEEN = `({
  rows: document.querySelectorAll("tr[data-row]").length,
  beyond: document.documentElement.scrollWidth - innerWidth,
  harmed: "harmed" in globalThis,
})`;
