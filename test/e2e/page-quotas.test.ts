// Quotas, the question about one's own session, narrow and dark windows, and the way back: on the page of a real daemon
// whose kernel is made up.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { LimitList } from "../../src/model/limit.ts";
import { openBrowser, openContext, whyNoBrowser } from "../page/page.ts";
import { MAIN, monitauri, type Program, start } from "../programs.ts";
import { buildOnce, until } from "./real-daemon.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WAIT_MS = 20_000;

describe("quotas and the rest of limits on the page", { skip: whyNoBrowser() }, () => {
  const data = mkdtempSync(join(tmpdir(), "page-quotas-"));
  const complaints: string[] = [];
  let daemon: Program;
  let browser: Browser;
  let page: Page;
  let narrow: Page;

  before(async () => {
    await buildOnce();
    const args = [join(ROOT, "test", "fixtures", "scripted-daemon.ts"), data, "500"];
    daemon = start(args, { PAGE_FOLDER: join(ROOT, "dist", "ui") }, 300_000);
    await daemon.says(/Ctrl-C stops/);
    browser = await openBrowser();
    page = await signedIn(await openContext(browser));
    narrow = await signedIn(await openContext(browser, { width: 360, height: 740, theme: "dark" }));
  });
  after(async () => {
    await browser?.close();
    daemon?.child.kill();
    await daemon?.ended;
    rmSync(data, { recursive: true, force: true });
    assert.deepEqual(complaints, []);
  });

  it("makes a quota by billing cycle, and shows its use in its row and in the overview", async () => {
    await openLimits(page);
    await page.getByText("No quota is set.").waitFor();
    await page.getByRole("button", { name: "New quota" }).click();
    const dialog = page.locator("dialog.limit-form");
    await page.getByRole("button", { name: "Add the quota" }).click();
    await dialog.getByRole("alert").getByText("Write the bytes as 100 GB or 500 MB.").waitFor();
    await page.getByLabel("Bytes", { exact: true }).fill("20 GB");
    await page.getByRole("combobox", { name: "In a" }).selectOption("billing");
    await page.getByLabel("It begins on day").fill("15");
    await page.getByLabel("Step 2: percent").fill("110");
    await page.getByRole("button", { name: "Add a step" }).click();
    assert.deepEqual(await faults(page), []);
    await page.getByRole("button", { name: "Add the quota" }).click();
    await dialog.waitFor({ state: "detached" });
    const row = page.locator(".quotas tr[data-row]");
    await row.getByText("of 20.0 GB a billing cycle").waitFor();
    await row.getByText("under it").waitFor();
    const [state] = (await listed()).quotas;
    assert.deepEqual(
      [state?.quota.target.kind, state?.quota.bytes, state?.quota.period, state?.quota.startDay],
      ["machine", 20e9, "billing", 15],
    );
    assert.deepEqual(
      state?.quota.steps.map(({ atShare, action }) => [atShare, action.do]),
      [
        [0.8, "notify"],
        [1.1, "throttle"],
        [1.2, "block"],
      ],
    );
    assert.deepEqual(await faults(page), []);
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    const line = page.getByLabel("Quotas");
    await line.getByText("of 20.0 GB a billing cycle").waitFor();
    const meter = line.getByRole("meter", { name: "Used" });
    assert.match((await meter.getAttribute("aria-valuetext")) ?? "", /^[\d.]+ %$/);
    assert.deepEqual(await faults(page), []);
    await line.getByRole("link", { name: "this machine" }).click();
    await row.waitFor();
  });

  it("changes a quota, waives it for today, and counts what is used", async () => {
    const row = page.locator(".quotas tr[data-row]");
    await row.locator(".c-name a").click();
    await page.getByRole("heading", { name: "Change q1" }).waitFor();
    assert.equal(await page.getByLabel("Bytes", { exact: true }).inputValue(), "20 GB");
    assert.equal(await page.getByLabel("It begins on day").inputValue(), "15");
    assert.equal(await page.getByLabel("Step 2: percent").inputValue(), "110");
    await page.getByLabel("Bytes", { exact: true }).fill("1 MB");
    await page.getByRole("button", { name: "Remove step 3" }).click();
    await page.getByRole("button", { name: "Remove step 2" }).click();
    await page.getByLabel("Step 1: percent").fill("5");
    await page.getByLabel("Step 1: what happens").selectOption("block");
    await page.getByRole("button", { name: "Save" }).click();
    await row.getByText("of 1.00 MB a billing cycle").waitFor();
    // The made-up machine moves more than that in some seconds: the step is reached.
    await row.getByText("blocked").waitFor();
    const waive = row.getByRole("button", { name: "Waive today: this machine" });
    await waive.click();
    await row.getByText("waived today").waitFor();
    assert.equal(await waive.getAttribute("aria-pressed"), "true");
    assert.equal((await listed()).quotas[0]?.state, "overridden");
    await waive.click();
    await row.getByText("blocked").waitFor();
    await row.getByRole("button", { name: "Remove the quota of this machine" }).click();
    await page.getByText("No quota is set.").waitFor();
    assert.deepEqual((await listed()).quotas, []);
  });

  it("asks whether a limit of one's own session may stay", async () => {
    const id = await touchSession("22");
    const question = page.getByRole("alert").filter({ hasText: "touches the connection" });
    await question.getByText(/It is taken back in \d+ s/).waitFor();
    assert.deepEqual(await faults(page), []);
    await question.getByRole("button", { name: "Keep it" }).click();
    await question.waitFor({ state: "detached" });
    assert.equal(stateOf(await listed(), id)?.confirmByMs, null);
  });

  it("asks within a dialog that is open, and takes back what nobody keeps", async () => {
    await page.getByRole("button", { name: "New limit" }).click();
    const dialog = page.locator("dialog.limit-form");
    await page.locator("#limit-who").fill("wget");
    const id = await touchSession("2222");
    const question = dialog.getByRole("alert").filter({ hasText: "port 2222" });
    await question.waitFor();
    assert.deepEqual(await faults(page), []);
    await question.getByRole("button", { name: "Keep it" }).click();
    await question.waitFor({ state: "detached" });
    assert.equal(await page.locator("#limit-who").inputValue(), "wget", "what was typed stays");
    assert.equal(stateOf(await listed(), id)?.confirmByMs, null);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    const lost = await touchSession("2223");
    await page.getByText("port 2223").first().waitFor();
    assert.ok(await until(async () => stateOf(await listed(), lost) === undefined, 30_000));
    await page.locator(".banner", { hasText: "port 2223" }).getByText("was taken back").waitFor();
  });

  it("limits an application from its view in a narrow, dark window", async () => {
    await narrow
      .getByRole("link", { name: "Apps" })
      .or(narrow.locator(".entry[title=Applications]"))
      .first()
      .click();
    const name = narrow.locator(".apps .c-name a").first();
    await name.waitFor();
    assert.equal(await narrow.locator(".apps .c-limit").first().isVisible(), false);
    await name.click();
    const button = narrow.locator(".head [data-limit]");
    await button.waitFor();
    await fits(narrow);
    await button.click();
    const dialog = narrow.locator("dialog.limit-form");
    await dialog.waitFor();
    await fits(narrow, "dialog.limit-form");
    assert.deepEqual(await faults(narrow), []);
    await narrow.getByLabel("Download, at most").fill("5 Mbit/s");
    await narrow.getByRole("button", { name: "Add the limit" }).click();
    await dialog.waitFor({ state: "detached" });
    await narrow.locator(".head .limit-chip").waitFor();
    await narrow.goBack();
    await narrow.locator(".apps .limit-mark").first().waitFor();
    await fits(narrow);
  });

  it("fits 360 pixels in the dark: limits, quotas, editors, warnings", async () => {
    const quota = ["--app", "a-program-with-a-long-name-that-has-no-blanks", "--bytes", "10GB"];
    for (const words of [
      ["quota", "add", ...quota, "--step", "50%:throttle:1mbit/500kbit", "--step", "120%:block"],
      ["limit", "add", "--app", "/opt/a/very/long/path/of/a/program*", "--up", "1mbit"],
      [
        "limit",
        "add",
        "--remote",
        "2001:db8:1234:5678::/64",
        "--down",
        "800kbit",
        "--when",
        "mon-fri 09:00-18:00",
      ],
    ]) {
      const { code, stderr } = await monitauri(data, words);
      assert.equal(code, 0, stderr);
    }
    await openLimits(narrow);
    await narrow.locator(".quotas tr[data-row]").waitFor();
    await fits(narrow);
    assert.deepEqual(await faults(narrow), []);
    const dark = await narrow.evaluate("getComputedStyle(document.body).backgroundColor");
    const [red = "255"] = /\d+/.exec(String(dark)) ?? [];
    assert.ok(Number(red) < 60, `dark: ${dark}`);
    await narrow.locator(".quotas .c-name a").click();
    await narrow.getByRole("heading", { name: /^Change q/ }).waitFor();
    await fits(narrow, "dialog.limit-form");
    assert.deepEqual(await faults(narrow), []);
    await narrow.getByRole("button", { name: "Cancel" }).click();
    await narrow.locator(".limits:not(.quotas) .c-name a").last().click();
    await narrow.getByRole("heading", { name: /^Change l/ }).waitFor();
    await fits(narrow, "dialog.limit-form");
    await narrow.getByRole("button", { name: "Cancel" }).click();
    await narrow.locator(".entry[title=Overview]").click();
    await narrow.getByLabel("Quotas").waitFor();
    await fits(narrow);
    assert.deepEqual(await faults(narrow), []);
  });

  it("removes all limits after a question, and leaves quotas", async () => {
    await openLimits(page);
    const count = (await listed()).limits.length;
    assert.ok(count >= 2);
    const asked: string[] = [];
    page.once("dialog", (dialog) => {
      asked.push(dialog.message());
      void dialog.dismiss();
    });
    await page.getByRole("button", { name: "Remove all limits" }).click();
    assert.deepEqual(asked, [`Remove all ${count} limits? Everything passes as before.`]);
    assert.equal((await listed()).limits.length, count, "not without a yes");
    page.once("dialog", (dialog) => void dialog.accept());
    await page.getByRole("button", { name: "Remove all limits" }).click();
    await page.getByText("Nothing is limited.").waitFor();
    const { limits, quotas } = await listed();
    assert.deepEqual([limits.length, quotas.length], [0, 1]);
  });

  async function signedIn(context: BrowserContext): Promise<Page> {
    context.setDefaultTimeout(WAIT_MS);
    context.on("weberror", (error) => complaints.push(String(error.error())));
    const opened = await context.newPage();
    const { stdout } = await monitauri(data, ["open", "--print"]);
    await opened.goto(/http:\/\/\S+#code=\S+/.exec(stdout)?.[0] ?? "");
    await opened.waitForSelector(".nums .digits");
    return opened;
  }

  async function openLimits(on: Page): Promise<void> {
    await on.locator(".entry[title=Limits]").click();
    await on.getByRole("heading", { name: "Quotas" }).waitFor();
  }

  /** As somebody would who is logged in over that port. */
  async function touchSession(port: string): Promise<string> {
    const env = { SSH_CONNECTION: `198.51.100.7 50000 192.0.2.1 ${port}`, MONITAURI_DATA: data };
    const words = ["limit", "add", "--port", port, "--down", "1mbit"];
    const { stdout, stderr } = await start([MAIN, ...words], env).ended;
    assert.match(stderr, /taken back in 15 s/);
    return /^(l\d+): port/.exec(stdout)?.[1] ?? "";
  }

  async function listed(): Promise<LimitList> {
    const { code, stdout, stderr } = await monitauri(data, ["limit", "list", "--json"]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as LimitList;
  }
});

function stateOf({ limits }: LimitList, id: string) {
  return limits.find(({ rule }) => rule.id === id);
}

/** Nothing scrolls sideways, in the page or in what lies over it. */
async function fits(page: Page, selector = "html"): Promise<void> {
  const [content, room] = await page.locator(selector).evaluate((element) => {
    const { scrollWidth, clientWidth } = element as unknown as Record<string, number>;
    return [scrollWidth, clientWidth];
  });
  assert.ok(content !== undefined && room !== undefined && room > 0);
  assert.ok(content <= room, `${selector}: ${content} of ${room} pixels`);
}

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
