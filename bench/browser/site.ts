// A site of many hosts for browsers to load: pages whose parts come from everywhere, as those of the web do.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Hosts with the number of the address that each is at: some share one, as behind a content network. */
export const HOSTS: Readonly<Record<string, number>> = {
  "www.shop.test": 0,
  "static.shop.test": 1,
  "api.shop.test": 0,
  "img1.shop.test": 2,
  "img2.shop.test": 2,
  "cdn.assets.test": 3,
  "fonts.letters.test": 4,
  "www.films.test": 5,
  "media.films.test": 6,
  "metrics.counter.test": 7,
  "tags.counter.test": 7,
  "news.paper.test": 1,
};
export const ADDRESSES = 8;
export const PAGES = ["www.shop.test", "news.paper.test", "www.films.test", "img1.shop.test"];
export const FIRST_PAGE = `https://${PAGES[0]}/page0.html`;
/** Asked for when the last page is there. */
export const DONE = "/done.txt";

const PARTS_PER_PAGE = 36;
const SIZES = [1_500, 6_000, 20_000, 60_000, 250_000];
/** A page is looked at for so long before the next one. */
const LOOKED_AT_MS = 1_500;

/** Writes what all hosts serve into one folder. */
export function writeSite(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const size of SIZES) {
    writeFileSync(join(folder, `${size}.bin`), Buffer.alloc(size, "monitauri "));
    writeFileSync(join(folder, `${size}.js`), `/*${"x".repeat(size - 4)}*/`);
  }
  writeFileSync(join(folder, DONE), "done");
  for (const [at] of PAGES.entries()) writeFileSync(join(folder, `page${at}.html`), pageText(at));
}

function pageText(at: number): string {
  const hosts = Object.keys(HOSTS);
  const parts = Array.from({ length: PARTS_PER_PAGE }, (_, part) => {
    const host = hosts[(part * 5 + at * 3) % hosts.length];
    const size = SIZES[(part + at) % SIZES.length];
    const address = (kind: string) => `https://${host}/${size}.${kind}?${at}.${part}`;
    return part % 3 === 0
      ? `<script src="${address("js")}"></script>`
      : `<img src="${address("bin")}">`;
  });
  const next = PAGES[at + 1];
  const after =
    next === undefined
      ? `fetch("${DONE}", { cache: "no-store" })`
      : `location.href = "https://${next}/page${at + 1}.html"`;
  return `<!doctype html><title>Page ${at}</title><link rel="icon" href="data:,">${parts.join("\n")}
<script>addEventListener("load", () => setTimeout(() => { ${after} }, ${LOOKED_AT_MS}))</script>`;
}
