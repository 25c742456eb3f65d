import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { openContainerNames } from "./container-names.ts";

const ID = "0123456789abcdef".repeat(4);
const SHORT = "0123456789ab";
const DOCKER = `var/lib/docker/containers/${ID}/config.v2.json`;
const PODMAN = "var/lib/containers/storage/overlay-containers/containers.json";

function temporaryRoot(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), "monitauri-test-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

function put(root: string, path: string, content: unknown): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
}

test("openContainerNames() reads Docker's name and image", (t) => {
  const root = temporaryRoot(t);
  put(root, DOCKER, { Name: "/web", Config: { Image: "nginx:1.27" } });
  assert.deepEqual(openContainerNames({ root }).describe({ engine: "docker", id: ID }), {
    engine: "docker",
    id: SHORT,
    name: "web",
    image: "nginx:1.27",
  });
});

test("openContainerNames() reads Podman's names", (t) => {
  const root = temporaryRoot(t);
  const metadata = JSON.stringify({ "image-name": "docker.io/library/redis:7", name: "cache" });
  put(root, PODMAN, [{ id: "other" }, { id: ID, names: ["cache"], metadata }, 7, null]);
  assert.deepEqual(openContainerNames({ root }).describe({ engine: "podman", id: ID }), {
    engine: "podman",
    id: SHORT,
    name: "cache",
    image: "docker.io/library/redis:7",
  });
});

test("openContainerNames() knows no more than the id of others", (t) => {
  const names = openContainerNames({ root: temporaryRoot(t) });
  assert.deepEqual(names.describe({ engine: "lxc", id: "web" }), {
    engine: "lxc",
    id: "web",
    name: "web",
  });
  assert.deepEqual(names.describe({ engine: "unknown", id: "a\x1b[1m" }), {
    engine: "unknown",
    id: "a\\x1b[1m",
  });
  assert.deepEqual(names.describe({ engine: "kubernetes", id: ID }), {
    engine: "kubernetes",
    id: SHORT,
  });
});

test("openContainerNames() gives no name of the machine's to the container of a user", (t) => {
  const root = temporaryRoot(t);
  put(root, DOCKER, { Name: "/web" });
  const names = openContainerNames({ root });
  const docker = { engine: "docker", id: ID } as const;
  assert.equal(names.describe(docker).name, "web");
  const forged = names.describe({ ...docker, owner: "1000" });
  assert.deepEqual(forged, { engine: "docker", id: `${SHORT}@1000` });
});

test("openContainerNames() survives hostile files", (t) => {
  const bare = { engine: "docker", id: SHORT };
  const contents: [unknown, object][] = [
    [`{"Name": "/web"${" ".repeat(1_048_576)}}`, bare],
    ["not JSON", bare],
    ["null", bare],
    [[1, 2], bare],
    [{ Name: 7, Config: "x" }, bare],
    [{ Name: { length: 1 }, Config: { Image: [] } }, bare],
    [
      { Name: "/a\nb\u202e", Config: { Image: "x".repeat(9_999) } },
      { ...bare, name: "a\\x0ab\\u{202e}", image: `${"x".repeat(255)}…` },
    ],
  ];
  for (const [content, expected] of contents) {
    const root = temporaryRoot(t);
    put(root, DOCKER, content);
    const described = openContainerNames({ root }).describe({ engine: "docker", id: ID });
    assert.deepEqual(described, expected);
  }
});

test("openContainerNames() does not wait for a pipe and follows no id out of the folder", (t) => {
  const root = temporaryRoot(t);
  mkdirSync(dirname(join(root, DOCKER)), { recursive: true });
  execFileSync("mkfifo", [join(root, DOCKER)]);
  put(root, "var/lib/docker/config.v2.json", { Name: "/outside" });
  const names = openContainerNames({ root });
  assert.equal(names.describe({ engine: "docker", id: ID }).name, undefined);
  assert.equal(names.describe({ engine: "docker", id: ".." }).name, undefined);
});

test("openContainerNames() remembers, and looks again after a while", (t) => {
  const root = temporaryRoot(t);
  let nowMs = 0;
  const names = openContainerNames({ root, monotonicMs: () => nowMs });
  const name = () => names.describe({ engine: "docker", id: ID }).name;
  assert.equal(name(), undefined);
  put(root, DOCKER, { Name: "/web" });
  assert.equal(name(), undefined);
  nowMs = 5_000;
  assert.equal(name(), "web");
  put(root, DOCKER, { Name: "/renamed" });
  nowMs = 64_999;
  assert.equal(name(), "web");
  nowMs = 65_000;
  assert.equal(name(), "renamed");
});

test("openContainerNames() forgets the oldest of too many", (t) => {
  const root = temporaryRoot(t);
  put(root, DOCKER, { Name: "/web" });
  const names = openContainerNames({ root, monotonicMs: () => 0 });
  names.describe({ engine: "docker", id: ID });
  put(root, DOCKER, { Name: "/renamed" });
  for (let i = 0; i < 1_024; i++) names.describe({ engine: "unknown", id: `${i}` });
  assert.equal(names.describe({ engine: "docker", id: ID }).name, "renamed");
});
