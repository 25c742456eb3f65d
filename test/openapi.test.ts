// docs/openapi.json is what the daemon serves. Renew it: MONITAURI_RENEW=1 node --test test/openapi.test.ts && npm run format
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createApp } from "../src/api/routes.ts";
import { readVersion } from "../src/daemon/version.ts";
import type { Monitauri } from "../src/model/monitauri.ts";

const file = join(import.meta.dirname, "..", "docs", "openapi.json");

interface Document {
  readonly paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

test("docs/openapi.json is current", async () => {
  const document = await served();
  if (process.env.MONITAURI_RENEW !== undefined) {
    writeFileSync(file, `${JSON.stringify(document, undefined, 2)}\n`);
  }
  assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), document, "renew it, see this file");
});

test("the document has the live stream with its schema, and an error for every route", async () => {
  const { paths, components } = await served();
  const live = JSON.stringify(paths["/api/v1/live"]?.get?.responses["200"]);
  assert.match(
    live,
    /"text\/event-stream":\{"schema":\{"\$ref":"#\/components\/schemas\/LiveSample"/,
  );
  assert.ok("LiveSample" in components.schemas);
  for (const [path, methods] of Object.entries(paths)) {
    for (const { responses } of Object.values(methods)) assert.ok("default" in responses, path);
  }
});

async function served(): Promise<Document> {
  const app = createApp({} as Monitauri, {
    version: readVersion(),
    onBug: (error) => assert.fail(String(error)),
  });
  return (await (await app.request("/api/v1/openapi.json")).json()) as Document;
}
