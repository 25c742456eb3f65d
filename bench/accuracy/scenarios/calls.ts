// The ways in which a program can ask the kernel to move bytes.
import type { Half, Pair } from "../../../test/e2e/generators/pairs.ts";
import { pairScenario } from "./pair.ts";

const FULL = 5_000_000;

export const CALLS = [
  pairScenario({ id: "s13", title: "io_uring send", pair: against("uring", "sender") }),
  pairScenario({ id: "s14", title: "sendfile", pair: against("copies", "sendfile") }),
  pairScenario({
    id: "s15",
    title: "sendmmsg",
    pair: (amount) => mmsg(amount(10_000)),
  }),
  pairScenario({ id: "s21", title: "io_uring receive", pair: against("uring", "receiver") }),
  pairScenario({
    id: "s22",
    title: "splice from a socket",
    pair: against("copies", "splice-receive"),
  }),
  pairScenario({
    id: "s23",
    title: "recvmmsg",
    host: "server",
    waits: ["linger"],
    pair: (amount) => mmsg(amount(10_000)),
  }),
  pairScenario({ id: "x01", title: "MSG_ZEROCOPY", pair: against("zerocopy", "sender") }),
];

function mmsg(count: number): Pair {
  return {
    server: { generator: "mmsg", role: "receiver", options: { count } },
    client: { generator: "mmsg", role: "sender", options: { count, size: 500 } },
  };
}

/** One that sends or receives through its own calls, against a plain server. */
function against(generator: Half["generator"], role: string) {
  return (amount: (full: number) => number): Pair => {
    const bytes = amount(FULL);
    const options = role.includes("receive") ? { download: bytes } : { upload: bytes };
    return {
      server: { generator: "tcp", role: "server", options },
      client: { generator, role, options: { bytes } },
    };
  };
}
