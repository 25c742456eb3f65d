// Many processes, short ones, and sockets that move between them.
import type { Pair } from "../../../test/e2e/generators/pairs.ts";
import type { Expected } from "../scenario.ts";
import { pairScenario } from "./pair.ts";

export const PROCESSES = [
  pairScenario({
    id: "s11",
    title: "programs of 5 ms",
    waits: [],
    pair: (amount) => programs({ processes: amount(200), atOnce: 4 }),
  }),
  pairScenario({
    id: "s20",
    title: "64 processes at once",
    waits: [],
    pair: () => programs({ processes: 64, atOnce: 64 }),
  }),
  pairScenario({
    id: "x02",
    title: "server with forked workers",
    host: "server",
    waits: ["linger"],
    pair: (amount) => server("prefork", amount(500)),
  }),
  pairScenario({
    id: "x03",
    title: "open connection passed to another process and back",
    // Always the full amounts: with less, chance decides whether anything waits to be sent.
    pair: () => ({
      server: { generator: "fdpass", role: "peer" },
      client: { generator: "fdpass", role: "a" },
      both: {
        protocol: "tcp",
        first: 1_000_000,
        second: 2_000_000,
        secondAnswer: 3_000_000,
        third: 1_000_000,
        thirdAnswer: 2_000_000,
      },
    }),
    also: { tellApart: true },
  }),
  pairScenario({
    id: "x04",
    title: "another program in the middle of a connection (exec)",
    pair: () => {
      const [before, after, download] = [1_000_000, 2_000_000, 500_000];
      return {
        server: { generator: "tcp", role: "server", options: { upload: before + after } },
        client: { generator: "exec-mid", role: "client", options: { before, after } },
        both: { download },
      };
    },
    // One pid, two programs: each must have its own part.
    adjust: ([first], { rows }) =>
      rows.map(
        (row, i): Expected => ({
          pid: first?.pid ?? 0,
          name: first?.name ?? "",
          rxPayloadBytes: Number(row.rxPayloadBytes),
          txPayloadBytes: Number(row.txPayloadBytes),
          sign: i === 0 ? "exec-mid.py" : "--first-row",
        }),
      ),
    also: { tellApart: true },
  }),
  pairScenario({
    id: "x05",
    title: "server with threads",
    host: "server",
    waits: ["linger"],
    pair: (amount) => server("threads", amount(500)),
  }),
  pairScenario({
    id: "x08",
    title: "four listeners on one port (SO_REUSEPORT)",
    host: "server",
    waits: ["linger"],
    pair: (amount) => server("reuseport", amount(500)),
  }),
  pairScenario({
    id: "x10",
    title: "one pid, two programs one after the other",
    waits: [],
    pair: () => programs({ processes: 2, atOnce: 1, samePid: true, vary: 50_000, holdMs: 300 }),
    adjust: (processes, { rows }) => [
      ...rows.map(
        (row): Expected => ({
          pid: Number(row.pid),
          name: processes[0]?.name ?? "",
          rxPayloadBytes: Number(row.rxPayloadBytes),
          txPayloadBytes: Number(row.txPayloadBytes),
          sign: `--id ${row.id} `,
        }),
      ),
    ],
    also: { tellApart: true },
  }),
  pairScenario({
    id: "x11",
    title: "200 processes with the same name",
    waits: [],
    pair: () => programs({ processes: 200, atOnce: 200, vary: 1000, holdMs: 1500 }),
    also: { tellApart: true },
  }),
];

function server(role: string, connections: number): Pair {
  return {
    server: { generator: "servers", role },
    client: { generator: "servers", role: "client", options: { largest: 10_000 } },
    both: { connections },
  };
}

/** Each one connects, sends, receives and ends. */
function programs(options: { processes: number; [more: string]: number | boolean }): Pair {
  return {
    server: {
      generator: "servers",
      role: "threads",
      // A worker serves until the other end closes: none has to wait for another.
      options: { connections: options.processes, workers: options.processes },
    },
    client: { generator: "shortlived", role: "launch", options },
  };
}
