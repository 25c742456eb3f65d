// The file with the secrets: its mode is put right, and nothing else is read in its place.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type KeptChannel, readChannels, saveChannels } from "./channel-file.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-channel-file-"));
after(() => rmSync(folder, { recursive: true }));

const SECRET = "https://example.org/a-path-that-nobody-knows";
const HOOK: KeptChannel = {
  name: "hook",
  enabled: true,
  target: { kind: "webhook", format: "json", recipient: "", allowInternal: false },
  secrets: { url: SECRET },
};
const modeOf = (path: string) => statSync(path).mode & 0o777;

test("saveChannels() writes a file that nobody else reads, whatever was there and whatever the umask", async () => {
  const path = join(folder, "saved.json");
  writeFileSync(path, "old", { mode: 0o666 });
  writeFileSync(`${path}.new`, "left behind", { mode: 0o666 });
  const before = process.umask(0);
  try {
    await saveChannels(path, [HOOK]);
  } finally {
    process.umask(before);
  }
  assert.equal(modeOf(path), 0o600);
  assert.deepEqual((await readChannels(path)).channels, [HOOK]);
  assert.ok(!existsSync(`${path}.new`));
});

test("readChannels() closes a file that others could read, and uses it", async () => {
  const path = join(folder, "open.json");
  await saveChannels(path, [HOOK]);
  for (const mode of [0o644, 0o640, 0o606]) {
    chmodSync(path, mode);
    const { channels, warning } = await readChannels(path);
    assert.deepEqual([channels, warning, modeOf(path)], [[HOOK], undefined, 0o600]);
  }
});

test("readChannels() reads no link, pipe or huge file, sets it aside and never says what was in it", async () => {
  const secret = join(folder, "elsewhere.json");
  await saveChannels(secret, [HOOK]);
  const made: Record<string, (path: string) => void> = {
    link: (path) => symlinkSync(secret, path),
    pipe: (path) => execFileSync("mkfifo", [path]),
    huge(path) {
      writeFileSync(path, "");
      truncateSync(path, 5 * 1024 * 1024);
    },
    cut: (path) => writeFileSync(path, readFileSync(secret, "utf8").slice(0, -20)),
  };
  for (const [name, make] of Object.entries(made)) {
    const path = join(folder, name);
    make(path);
    const { channels, warning = "" } = await readChannels(path);
    assert.deepEqual(channels, [], name);
    assert.match(warning, /Cannot use .* It is now .*\.broken; set the channels of alerts again/);
    assert.ok(!warning.includes(SECRET) && !warning.includes("a-path"), warning);
    assert.ok(!existsSync(path) && lstatSync(`${path}.broken`) !== undefined, name);
  }
  assert.deepEqual(
    (await readChannels(secret)).channels,
    [HOOK],
    "what a link led to is as before",
  );
  assert.deepEqual((await readChannels(join(folder, "none"))).channels, []);
});
