// TCP: one direction, both, IPv6, slowly, and many small connections.
import { tcp } from "../../../test/e2e/generators/pairs.ts";
import { pairScenario } from "./pair.ts";

const FULL = 10_000_000;

export const TCP = [
  pairScenario({
    id: "s01",
    title: "TCP download",
    pair: (amount) => tcp({ download: amount(FULL) }),
  }),
  pairScenario({
    id: "s02",
    title: "TCP upload",
    pair: (amount) => tcp({ upload: amount(FULL) }),
  }),
  pairScenario({
    id: "s03",
    title: "TCP in both directions at once",
    pair: (amount) => tcp({ upload: amount(FULL), download: amount(FULL), duplex: true }),
  }),
  pairScenario({
    id: "s07",
    title: "TCP over IPv6",
    family: "ip6",
    pair: (amount) => tcp({ upload: amount(FULL / 2), download: amount(FULL / 2) }),
  }),
  pairScenario({
    id: "s18",
    title: "low and slow: 100 bytes every 100 ms",
    pair: (amount) => tcp({ upload: 100 * amount(30), chunk: 100, pauseMs: 100 }),
  }),
  pairScenario({
    id: "s19",
    title: "5,000 small TCP connections",
    // At "open" each connection by itself would wait.
    waits: [],
    pair: (amount) => tcp({ upload: 300, download: 700, connections: amount(5000) }),
  }),
  pairScenario({
    id: "x06",
    title: "TCP Fast Open",
    pair: (amount) =>
      tcp({ upload: amount(1_000_000), download: amount(1_000_000), fastOpen: true }),
  }),
  pairScenario({
    id: "x07",
    title: "Multipath TCP",
    pair: (amount) =>
      tcp({ upload: amount(FULL / 2), download: amount(FULL / 2), protocol: "mptcp" }),
  }),
];
