// UDP, ICMP and other packets without a connection.
import type { Pair } from "../../../test/e2e/generators/pairs.ts";
import { pairScenario } from "./pair.ts";

export const DATAGRAMS = [
  pairScenario({ id: "s04", title: "UDP both ways", pair: requests }),
  pairScenario({ id: "s06", title: "UDP to port 443", port: 443, pair: requests }),
  pairScenario({ id: "s24", title: "UDP over IPv6", family: "ip6", pair: requests }),
  pairScenario({
    id: "s09",
    title: "UDP of 64 bytes to port 53, paced",
    port: 53,
    pair: (amount) => flood({ count: amount(100_000), pauseUs: 1000 }),
  }),
  pairScenario({
    id: "s09b",
    title: "UDP of 64 bytes to port 53, flat out",
    port: 53,
    pair: (amount) => flood({ count: amount(300_000) }),
  }),
  pairScenario({
    id: "s10",
    title: "IP protocol 253 from a raw socket",
    pair: (amount) => ({
      server: { generator: "datagrams", role: "receiver" },
      client: {
        generator: "datagrams",
        role: "sender",
        options: { size: 1000, count: amount(2000) },
      },
      both: { raw: 253 },
    }),
  }),
  pairScenario({
    id: "x09",
    title: "200 peers of one UDP socket",
    host: "server",
    waits: ["linger"],
    pair: (amount) => ({
      server: { generator: "udp", role: "server" },
      client: { generator: "udp", role: "client" },
      both: { peers: 200, rounds: amount(10), request: 500, answer: 1000 },
    }),
  }),
];

/** Request and answer: nothing is lost. */
function requests(amount: (full: number) => number): Pair {
  return {
    server: { generator: "udp", role: "server" },
    client: { generator: "udp", role: "client" },
    both: { peers: 1, rounds: amount(2000), request: 1000, answer: 1200 },
  };
}

function flood(options: { count: number; pauseUs?: number }): Pair {
  return {
    server: { generator: "flood", role: "receiver" },
    client: { generator: "flood", role: "sender", options: { size: 64, ...options } },
  };
}
