// Whose session a command runs in, with folders laid out like /proc.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { callerSession, parseConnection } from "./caller-session.ts";

const root = mkdtempSync(join(tmpdir(), "monitauri-test-"));
after(() => rmSync(root, { recursive: true }));
const TEXT = "198.51.100.7 50000 192.0.2.1 22";
const SESSION = {
  remoteAddress: "198.51.100.7",
  remotePort: 50_000,
  localAddress: "192.0.2.1",
  localPort: 22,
};

test("parseConnection() reads what sshd sets, and nothing else", () => {
  assert.deepEqual(parseConnection(TEXT), SESSION);
  assert.equal(parseConnection("fe80::1%eth0 50000 fe80::2%eth0 22")?.remoteAddress, "fe80::1");
  for (const text of [
    undefined,
    "",
    "a b c d",
    "1.2.3.4 x 1.2.3.4 22",
    "1.2.3.4 1 1.2.3.4 99999",
  ]) {
    assert.equal(parseConnection(text), undefined);
  }
});

test("callerSession() takes the command's own word, else an ancestor's, which sudo cannot hide", () => {
  process_(40, { parent: 30, name: "sudo (x) 1", environ: "PATH=/bin" });
  process_(30, { parent: 20, name: "bash", environ: `A=1\0SSH_CONNECTION=${TEXT}\0B=2` });
  process_(20, { parent: 1, name: "sshd", environ: "" });
  process_(50, { parent: 20, name: "bash", environ: "DISPLAY=:0" });
  assert.deepEqual(callerSession({ env: {}, pid: 40, root }), SESSION);
  assert.equal(callerSession({ env: {}, pid: 50, root }), undefined);
  assert.equal(callerSession({ env: {}, pid: 4_000, root }), undefined);
  const env = { SSH_CONNECTION: "203.0.113.1 1 192.0.2.1 2222" };
  assert.equal(callerSession({ env, pid: 40, root })?.localPort, 2_222);
});

function process_(pid: number, facts: { parent: number; name: string; environ: string }): void {
  mkdirSync(join(root, String(pid)));
  writeFileSync(join(root, String(pid), "environ"), facts.environ);
  writeFileSync(join(root, String(pid), "stat"), `${pid} (${facts.name}) S ${facts.parent} 1 1 0`);
}
