// What tests of the page look at: faults that axe finds, exact numbers behind figures, sideways scrolling.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Locator, Page } from "playwright-core";
import { until } from "../e2e/real-daemon.ts";
import { skipWithoutWorld } from "../e2e/world.ts";
import { whyNoBrowser } from "./page.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** For node:test's `skip`. @throws where such tests must run. */
export async function skipWithoutBrowser(): Promise<false | string> {
  const reason = whyNoBrowser();
  if (reason === undefined) return skipWithoutWorld();
  if (process.env.MONITAURI_E2E === "required") throw new Error(`This test must run: ${reason}`);
  return reason;
}

/** The page's policy forbids what Playwright's own waiting does with an expression: evaluate it inside the page. */
export async function waitFor(page: Page, expression: string): Promise<void> {
  const isThere = await until(async () => Boolean(await page.evaluate(expression)));
  assert.ok(isThere, `The page does not come to ${expression}`);
}

/** From the exact number that a figure says where the pointer is; 0 before it is there. */
export async function bytesOf(figure: Locator): Promise<number> {
  if ((await figure.count()) === 0) return 0;
  await figure.first().dispatchEvent("pointerover");
  return Number((await figure.first().getAttribute("title"))?.replace(/\D/g, ""));
}

interface AxeFault {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

/** Serious ones. */
export async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: AxeFault[] }> };
    };
    return (await axe.run()).violations;
  });
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}
