// Generators that belong together, as data: a test can go through all of them.
import assert from "node:assert/strict";
import type { Place } from "./place.ts";
import { exchange, type Result, type Start, total } from "./run.ts";

/** One end of a pair; where it runs is the world's business. */
export type Half = Pick<Start, "generator" | "role" | "options">;

export interface Pair {
  server: Half;
  client: Half;
  /** Options of both. */
  both?: Half["options"];
}

/** Pairs in which nothing may be lost: what one end sent, the other received. */
export const PAIRS: Record<string, Pair> = {
  "tcp upload": tcp({ upload: 3_000_000 }),
  "tcp download": tcp({ download: 3_000_000 }),
  "tcp request and answer": tcp({ upload: 100_000, download: 200_000 }),
  "tcp duplex": tcp({ upload: 2_000_000, download: 3_000_000, duplex: true }),
  "tcp, 100 short connections": tcp({ upload: 300, download: 700, connections: 100 }),
  "tcp with write and read": tcp({ upload: 100_000, download: 100_000, via: "write" }),
  "tcp with sendmsg, recvmsg and a look before": tcp({
    upload: 100_000,
    via: "sendmsg",
    peek: true,
  }),
  "tcp fast open": tcp({ upload: 3000, download: 3000, fastOpen: true }),
  mptcp: tcp({ upload: 500_000, download: 500_000, protocol: "mptcp" }),
  prefork: servers("prefork"),
  "accept-thread": servers("threads"),
  "reuseport group": servers("reuseport"),
  "fd passing, tcp": pair("fdpass", ["peer", "a"], { protocol: "tcp" }),
  "fd passing, udp": pair("fdpass", ["peer", "a"], { protocol: "udp" }),
  "exec in the middle": {
    server: { generator: "tcp", role: "server", options: { upload: 30_000 } },
    client: { generator: "exec-mid", role: "client" },
    both: { download: 5000 },
  },
  "udp server with 200 peers": pair("udp", ["server", "client"], {}),
  "udp server with 200 connected peers": {
    ...pair("udp", ["server", "client"], {}),
    client: { generator: "udp", role: "client", options: { connected: true } },
  },
  sendmmsg: pair("mmsg", ["receiver", "sender"], { count: 1000 }),
  sendfile: against({ generator: "copies", role: "sendfile" }),
  splice: against({ generator: "copies", role: "splice" }),
  "splice to receive": against({ generator: "copies", role: "splice-receive" }),
  "zero copy": against({ generator: "zerocopy", role: "sender" }),
  "io_uring send": against({ generator: "uring", role: "sender" }),
  "io_uring receive": against({ generator: "uring", role: "receiver" }),
  "io_uring send in a worker": against({
    generator: "uring",
    role: "sender",
    options: { async: true },
  }),
  "io_uring receive in a worker": against({
    generator: "uring",
    role: "receiver",
    options: { async: true },
  }),
  "io_uring send by a polling thread": against({
    generator: "uring",
    role: "sender",
    options: { sqpoll: true },
  }),
};

/** Runs the client in `a` and the server in `b`; `options` go to both, beside their own. */
export function meet(
  { server, client, both }: Pair,
  { a, b, options }: { a: Place; b: Place; options: Half["options"] },
): Promise<{ server: Result; client: Result }> {
  const half = (start: Half) => ({ ...start, options: { ...options, ...both, ...start.options } });
  return exchange({ ...half(server), at: b }, (port) => {
    const start = half(client);
    return { ...start, at: a, options: { ...start.options, port } };
  });
}

/** @throws where one end received more or less than the other sent. */
export function agree({ server, client }: { server: Result; client: Result }): void {
  const served = total(server.results);
  const asked = total(client.results);
  assert.ok(asked.txPayloadBytes + asked.rxPayloadBytes > 0);
  assert.equal(served.rxPayloadBytes, asked.txPayloadBytes);
  assert.equal(served.txPayloadBytes, asked.rxPayloadBytes);
}

function pair(
  generator: Start["generator"],
  [server, client]: [string, string],
  both: Half["options"],
): Pair {
  return { server: { generator, role: server }, client: { generator, role: client }, both };
}

/** A TCP server and its client, with the same options. */
export function tcp(options: Record<string, string | number | boolean>): Pair {
  return {
    server: { generator: "tcp", role: "server", options },
    client: { generator: "tcp", role: "client", options },
  };
}

/** A server of one kind with many workers, and 500 requests to it. */
export function servers(role: string): Pair {
  return pair("servers", [role, "client"], { connections: 500 });
}

/** One that sends or receives a million bytes, against a plain server. */
function against(client: Half): Pair {
  const receives = client.role.includes("receive");
  const options = receives ? { download: 1_000_000 } : { upload: 1_000_000 };
  return { server: { generator: "tcp", role: "server", options }, client };
}
