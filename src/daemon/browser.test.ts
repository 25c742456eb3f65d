// Which command opens a browser, and for whom none is opened.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserCommand } from "./browser.ts";

const URL = "http://127.0.0.1:8473/#code=x";
const linux = { platform: "linux", uid: 1000 };

test("browserCommand() uses the desktop's opener with the session's variables", () => {
  const env = { DISPLAY: ":0", HOME: "/home/anna", SECRET: "x" };
  assert.deepEqual(browserCommand(URL, { ...linux, env }), {
    argv: ["xdg-open", URL],
    env: { DISPLAY: ":0", HOME: "/home/anna" },
  });
  const mac = browserCommand(URL, { platform: "darwin", uid: 501, env: {} });
  assert.deepEqual(mac?.argv, ["open", URL]);
});

test("browserCommand() opens nothing without a display and nothing as root", () => {
  assert.equal(browserCommand(URL, { ...linux, env: {} }), undefined);
  const root = { platform: "linux", uid: 0 };
  assert.equal(browserCommand(URL, { ...root, env: { DISPLAY: ":0" } }), undefined);
  for (const SUDO_USER of ["root", "-x", "a b", ""]) {
    assert.equal(browserCommand(URL, { ...root, env: { DISPLAY: ":0", SUDO_USER } }), undefined);
  }
});

test("browserCommand() of root opens it as the user behind sudo", () => {
  const env = { DISPLAY: ":0", HOME: "/root", SUDO_USER: "anna" };
  const found = browserCommand(URL, { platform: "linux", uid: 0, env });
  const argv = ["sudo", "-H", "-u", "anna", "--", "env", "DISPLAY=:0", "xdg-open", URL];
  assert.deepEqual(found, { argv, env: {} });
});
