// Which rules touch the session they come over, known and unknown, direct and through a forwarded port.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitRule, LimitTarget } from "../model/limit.ts";
import type { PsRow } from "../model/monitauri.ts";
import type { Connection } from "../model/sample.ts";
import type { Sampling } from "./sampling.ts";
import { sessionBehind, sessionFacts, touchesSession } from "./session-path.ts";

const VIA = {
  remoteAddress: "198.51.100.7",
  remotePort: 50_000,
  localAddress: "192.0.2.1",
  localPort: 22,
};
const LOGIN = connection({
  localAddress: "192.0.2.1",
  localPort: 22,
  remoteAddress: "198.51.100.7",
  remotePort: 50_000,
});
/** The browser's end of a page behind `ssh -L`: sshd connects to the page for it. */
const FORWARDED = connection({
  localAddress: "127.0.0.1",
  localPort: 40_000,
  remoteAddress: "127.0.0.1",
  remotePort: 8_473,
  interface: "lo",
});

test("touchesSession() knows the session by its program, user, ends and interface", async () => {
  const facts = await sessionFacts(VIA, asker([LOGIN]));
  const touched: LimitTarget[] = [
    { kind: "machine" },
    { kind: "application", pattern: "sshd" },
    { kind: "process", pid: 7, startedAtMs: 1_000 },
    { kind: "user", user: "root" },
    { kind: "unit", unit: "ssh.service" },
    { kind: "interface", name: "eth0" },
    { kind: "remote", network: "198.51.100.0/24" },
    { kind: "port", port: 22, protocol: "tcp" },
  ];
  for (const target of touched) assert.ok(touchesSession(rule(target), facts), target.kind);
  const others: LimitTarget[] = [
    { kind: "application", pattern: "firefox" },
    { kind: "process", pid: 7, startedAtMs: 900_000 },
    { kind: "user", user: "ada" },
    { kind: "interface", name: "eth1" },
    { kind: "remote", network: "203.0.113.0/24" },
    { kind: "port", port: 22, protocol: "udp" },
  ];
  for (const target of others) assert.ok(!touchesSession(rule(target), facts), target.kind);
});

test("touchesSession() leaves out what a rule excepts", async () => {
  const local = { ...VIA, remoteAddress: "192.168.1.9" };
  const facts = await sessionFacts(local, asker([]));
  assert.ok(touchesSession(rule({ kind: "machine" }), facts));
  assert.ok(!touchesSession({ ...rule({ kind: "machine" }), exceptLan: true }, facts));
});

test("sessionFacts() takes what is usual where the connection is not known or nobody answers", async () => {
  const silent = (() => Promise.reject(new Error("busy"))) as unknown as Sampling["ask"];
  for (const ask of [asker([]), silent]) {
    const facts = await sessionFacts(VIA, ask);
    assert.ok(touchesSession(rule({ kind: "application", pattern: "sshd" }), facts));
    assert.ok(touchesSession(rule({ kind: "remote", network: "198.51.100.7" }), facts));
    assert.ok(!touchesSession(rule({ kind: "application", pattern: "firefox" }), facts));
  }
});

test("sessionBehind() finds the login of a page that is read through a tunnel", async () => {
  const peer = { address: "127.0.0.1", port: 40_000 };
  assert.deepEqual(await sessionBehind(peer, 8_473, asker([FORWARDED, LOGIN])), VIA);
  const browser = { ...FORWARDED, applicationKey: "path:/usr/lib/firefox/firefox" };
  assert.equal(await sessionBehind(peer, 8_473, asker([browser, LOGIN])), undefined);
});

test("sessionBehind() takes any login where the browser's connection is not to be seen, and none where nobody is logged in", async () => {
  const peer = { address: "127.0.0.1", port: 40_000 };
  assert.deepEqual(await sessionBehind(peer, 8_473, asker([LOGIN])), VIA);
  assert.equal(await sessionBehind(peer, 8_473, asker([])), undefined);
});

test("sessionBehind() looks again where the browser's connection is newer than the last reading", async () => {
  let looks = 0;
  const late = (async (topic: "connections", what: object) => {
    looks += 1;
    return await asker(looks === 1 ? [LOGIN] : [FORWARDED, LOGIN])(topic, what as never);
  }) as Sampling["ask"];
  assert.deepEqual(await sessionBehind({ address: "127.0.0.1", port: 40_000 }, 8_473, late), VIA);
});

/** Answers as the sampling thread does, which filters by ports and pids. */
function asker(connections: readonly Connection[]): Sampling["ask"] {
  return (async (topic: string, what: { filter?: string }) => {
    if (topic === "ps") return [PROCESS];
    const terms = (what.filter ?? "").split(" ").map((term) => term.split(":"));
    const fits = (one: Connection) =>
      terms.every(
        ([name, value]) =>
          (name !== "lport" || one.localPort === Number(value)) &&
          (name !== "rport" || one.remotePort === Number(value)) &&
          (name !== "pid" || one.pid === Number(value)),
      );
    return { connections: connections.filter(fits), count: 0, total: 0 };
  }) as Sampling["ask"];
}

const PROCESS = {
  key: "path:/usr/sbin/sshd",
  application: "sshd",
  path: "/usr/sbin/sshd",
  pid: 7,
  startedAtMs: 1_000,
  user: "root",
  container: null,
  unit: "ssh.service",
} as PsRow;

function connection(parts: Partial<Connection>): Connection {
  return {
    protocol: "tcp",
    pid: 7,
    application: "sshd",
    applicationKey: "path:/usr/sbin/sshd",
    user: "root",
    unit: "ssh.service",
    interface: "eth0",
    ...parts,
  } as Connection;
}

function rule(target: LimitTarget): LimitRule {
  return {
    id: "l1",
    target,
    rxBytesPerSecond: 1_000_000,
    txBytesPerSecond: null,
    block: false,
    rxGuaranteedBytesPerSecond: null,
    txGuaranteedBytesPerSecond: null,
    priority: 3,
    exceptLan: false,
    enabled: true,
    schedule: null,
    expiresAtMs: null,
    createdAtMs: 0,
  };
}
