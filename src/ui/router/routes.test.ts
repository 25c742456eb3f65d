import assert from "node:assert/strict";
import { test } from "node:test";
import {
  applicationPath,
  countryPath,
  historyPath,
  hostPath,
  networkPath,
  processPath,
  remotePath,
  routeOf,
} from "./routes.ts";

function parse(path: string) {
  const url = new URL(path, "http://localhost");
  return routeOf(url.pathname, url.searchParams);
}

test("routeOf() reads what the paths say, whatever a key holds", () => {
  const key = 'path:/opt/a b&c=d?#%"<é>';
  assert.deepEqual(parse(applicationPath(key)), { view: "application", key });
  assert.deepEqual(parse(processPath(key, 12)), { view: "process", key, pid: 12 });
  assert.deepEqual(parse(remotePath("2001:db8::1")), { view: "remote", address: "2001:db8::1" });
  assert.deepEqual(parse(historyPath("application", key)), { view: "history" });
  assert.deepEqual(parse(countryPath("DE")), { view: "country", code: "DE" });
  assert.deepEqual(parse(networkPath(64_500)), { view: "network", asn: 64_500 });
  assert.deepEqual(parse("/places"), { view: "places" });
  assert.deepEqual(parse(hostPath("a_b.example")), { view: "host", name: "a_b.example" });
});

test("routeOf() is nowhere where something is missing", () => {
  for (const path of [
    "/application",
    "/process?key=a",
    "/country?code=nowhere",
    "/network?asn=x",
    "/process?key=a&pid=x",
    "/remote",
    "/host",
    "/other",
  ]) {
    assert.deepEqual(parse(path), { view: "nowhere" }, path);
  }
});
