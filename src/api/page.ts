/** Serves the page's files: exactly those that were there at start-up, from memory, so that no path of a request ever
 * reaches the file system and a page that is built meanwhile does not mix with this one. */

import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";

/** Files and bytes of a page; what is beyond is not served. */
const MAX_FILES = 500;
const MAX_BYTES = 32 * 2 ** 20;
const INDEX = "/index.html";

export interface Page {
  /** By path, "/assets/index-abc.js". Empty where the page was not built. */
  readonly files: ReadonlyMap<string, PageFile>;
}

interface PageFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

/** What vite has built in this folder. */
export function findPage(folder: string): Page {
  const files = new Map<string, PageFile>();
  let bytes = 0;
  for (const path of listFiles(folder)) {
    const type = TYPES[extname(path)];
    if (type === undefined || files.size >= MAX_FILES) continue;
    const body = new Uint8Array(readFileSync(path));
    bytes += body.length;
    if (bytes > MAX_BYTES) break;
    files.set(`/${relative(folder, path).split(sep).join("/")}`, { body, type });
  }
  return { files };
}

export function addPage(app: OpenAPIHono, page: Page): void {
  app.get("*", async (context, next) => {
    const { path } = context.req;
    if (/^\/(api|metrics)(\/|$)/.test(path)) return next();
    const file = page.files.get(path);
    if (file !== undefined) return serve(context, { path, file });
    // The page has addresses of its own, which all begin with the same document.
    if (extname(path) !== "") return next();
    const index = page.files.get(INDEX);
    if (index === undefined) return context.text(NOT_BUILT, 404);
    return serve(context, { path: INDEX, file: index });
  });
}

const NOT_BUILT =
  "Monitauri counts, but its page was not built. Build it: npm run build (in the checkout), then start again.\n" +
  "Meanwhile the command line shows the same: monitauri ps, monitauri connections, monitauri status.\n";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

/** Files in assets/ have a hash of their content in their name. */
const FOREVER = "public, max-age=31536000, immutable";

function serve(context: Context, { path, file }: { path: string; file: PageFile }): Response {
  return context.body(file.body, 200, {
    "Content-Type": file.type,
    "Cache-Control": path.startsWith("/assets/") ? FOREVER : "no-store",
  });
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return []; // not built
  }
}
