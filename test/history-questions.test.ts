// Every question of `history` on a real store, held against sums of what was put into it: groupings, filters, scopes,
// top N with the rest, periods by name and by hand, comparison, billing cycles, days of 23 and 25 hours.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ShownAnswer } from "../src/cli/history-lines.ts";
import {
  HISTORY_GROUPINGS,
  type HistoryFilter,
  type HistoryGrouping,
  type HistoryRow,
  PROCESS_GROUPINGS,
} from "../src/model/history.ts";
import { chanceOf, randomDetails } from "../src/store/scripted-ticks.ts";
import { openPastCommands, type PastCommands } from "./past-commands.ts";
import { type Bytes, createOracle } from "./past-oracle.ts";

const HOUR_MS = 3_600_000;
const NOW = "2026-11-20T15:20:30";
const oracle = createOracle();
let past: PastCommands;
let nowMs: number;

before(async () => {
  const chance = chanceOf(11);
  past = await openPastCommands({
    zone: "Europe/Berlin",
    now: NOW,
    days: 100,
    fill(store, times) {
      nowMs = times.nowMs;
      // From August on, now and then; the last days every half hour. No tick ends in a minute in which a period begins.
      let lastMs = times.fromMs;
      for (let atMs = lastMs + 7 * 60_000; atMs < nowMs; atMs += HOUR_MS / 2) {
        if (atMs < nowMs - 4 * 24 * HOUR_MS && chance() > 0.15) continue;
        oracle.append(store, atMs, randomDetails(chance), atMs - lastMs);
        lastMs = atMs;
      }
    },
  });
});
after(() => past[Symbol.asyncDispose]());

const ALL = ["--last", "110d", "-n", "1000"];
const isNetwork = (scope: string) => scope !== "loopback";

describe("history --by", () => {
  for (const by of HISTORY_GROUPINGS) {
    test(`${by} has the bytes of each, of networks alone unless loopback is asked for`, async () => {
      const isApart = by === "scope";
      const usual = await past.answer(...ALL, "--by", by);
      assert.deepEqual(
        bytesOf(usual.rows, by),
        oracle.rows(isApart ? { by } : { by, passes: isNetwork }),
      );
      assert.deepEqual(both(usual.total), oracle.total({ passes: isNetwork }));
      const loopback = oracle.total({ passes: (scope) => scope === "loopback" });
      assert.deepEqual(usual.leftOut && both(usual.leftOut), isApart ? null : loopback);
      const everything = await past.answer(...ALL, "--by", by, "--scope", "all");
      assert.deepEqual(bytesOf(everything.rows, by), oracle.rows({ by }));
      assert.equal(everything.total.rxLoopbackBytes, loopback[0]);
      assert.equal(everything.leftOut, null);
      const within = await past.answer(...ALL, "--by", by, "--scope", "loopback");
      const passes = (scope: string) => scope === "loopback";
      assert.deepEqual(bytesOf(within.rows, by), oracle.rows({ by, passes }));
      assert.deepEqual(both(within.total), loopback);
    });
  }

  const SCOPES = [
    "internet",
    "lan",
    "vpn",
    "other",
    "lan,vpn",
    "lan,loopback",
    "networks,loopback",
  ];
  for (const words of SCOPES) {
    test(`application --scope ${words} has these alone`, async () => {
      const names = words.split(",");
      const passes = (scope: string) =>
        names.includes(scope) || (names.includes("networks") && scope !== "loopback");
      const { rows, leftOut } = await past.answer(...ALL, "--scope", words);
      assert.deepEqual(bytesOf(rows, "application"), oracle.rows({ by: "application", passes }));
      assert.equal(leftOut, null);
    });
  }

  test("ranks programs by networks: what talks within the machine alone displaces nobody", async () => {
    const apps = oracle.rows({ by: "application", passes: isNetwork });
    const { rows, others } = await past.answer("--last", "110d", "-n", "2");
    const largest = [...apps].sort(([, a], [, b]) => b[0] + b[1] - a[0] - a[1]);
    assert.deepEqual(rows.map(keyAndBytes), largest.slice(0, 2));
    assert.equal(others?.count, largest.length - 2);
    assert.deepEqual(others && both(others), sumOf(largest.slice(2).map(([, bytes]) => bytes)));
  });
});

describe("history with filters", () => {
  // Two keys of each, and what a person types for them.
  const FILTERS: Record<HistoryGrouping, readonly [typed: string, ...keys: string[]]> = {
    application: ["App-1,app-2", "path:/usr/bin/app-1", "path:/usr/bin/app-2"],
    process: ["app-0,app-2", "app-0 (100)", "app-2 (100)"],
    remote: ["host-1.example,host-2.example", "host-1.example", "host-2.example"],
    country: ["de", "DE"],
    protocol: ["tcp", "tcp"],
    user: ["user-1", "user-1"],
    interface: ["eth0,lo", "eth0", "lo"],
    container: ["unknown", ""],
    scope: ["lan,loopback", "lan", "loopback"],
    port: ["53", "53"],
    direction: ["in", "in"],
  };
  const OPTIONS: Partial<Record<HistoryGrouping, string>> = { application: "app" };

  for (const on of HISTORY_GROUPINGS) {
    const [typed, ...keys] = FILTERS[on];
    const words = [`--${OPTIONS[on] ?? on}`, typed];
    const scope = on === "scope" ? [] : ["--scope", "all"];
    const filter: HistoryFilter = { [on]: keys };
    for (const by of HISTORY_GROUPINGS) {
      const isOfProcess = on === "process" || by === "process";
      const isKept = !isOfProcess || [on, by].every((one) => PROCESS_GROUPINGS.includes(one));
      // A process is one user's and in no container, whatever its connections are: processes.test.ts has these.
      if (isOfProcess && isKept && [on, by].some((one) => one === "user" || one === "container"))
        continue;
      test(`${words.join(" ")} --by ${by} ${isKept ? "has what fits" : "says that it is not kept"}`, async () => {
        const asked = past.answer(...ALL, ...words, ...scope, "--by", by);
        if (!isKept)
          return assert.rejects(asked, { code: "invalid", message: /kept by application/ });
        const { rows, total } = await asked;
        assert.deepEqual(bytesOf(rows, by), oracle.rows({ by, filter }));
        assert.deepEqual(both(total), oracle.total({ filter }));
      });
    }
  }

  test("several of several kinds must all hold", async () => {
    const filter: HistoryFilter = {
      application: ["path:/usr/bin/app-1", "path:/usr/bin/app-2"],
      country: ["DE"],
      port: ["443"],
      user: ["user-0"],
      direction: ["out"],
    };
    const words =
      "--app app-1 --app app-2 --country de --port 443 --user user-0 --direction out".split(" ");
    const { rows } = await past.answer(...ALL, ...words, "--by", "remote");
    assert.ok(rows.length > 1);
    assert.deepEqual(
      bytesOf(rows, "remote"),
      oracle.rows({ by: "remote", filter, passes: isNetwork }),
    );
  });

  test("what there is not is said", async () => {
    await assert.rejects(past.answer("--app", "nobody"), { code: "not-found" });
    await assert.rejects(past.answer("--scope", "moon"), {
      code: "invalid",
      message: /"moon": there are networks, all, internet, lan, vpn, loopback and other/,
    });
    assert.match(await past.text(...ALL, "--country", "ZZ"), /no traffic in this period fits/);
  });
});

describe("history of a period", () => {
  // As UTC, written out by hand: +02:00 until 25 October 03:00, +01:00 from then on.
  const PERIODS: readonly (readonly [
    words: string,
    from: string,
    to: string,
    before?: string,
    end?: string,
  ])[] = [
    ["today", "2026-11-19T23:00", "now", "2026-11-18T23:00", "2026-11-19T14:20:30"],
    ["yesterday", "2026-11-18T23:00", "2026-11-19T23:00", "2026-11-17T23:00", "2026-11-18T23:00"],
    ["week", "2026-11-15T23:00", "now", "2026-11-08T23:00", "2026-11-13T14:20:30"],
    ["month", "2026-10-31T23:00", "now", "2026-09-30T22:00", "2026-10-20T13:20:30"],
    ["year", "2025-12-31T23:00", "now", "2024-12-31T23:00", "2025-11-20T14:20:30"],
    // A cycle, and the same part of the one before; it began when the clocks were an hour ahead.
    ["--cycle-day 15", "2026-11-14T23:00", "now", "2026-10-14T22:00", "2026-10-20T13:20:30"],
    // November has no 31st, and its last day is still to come.
    ["cycle --cycle-day 31", "2026-10-30T23:00", "now", "2026-09-29T22:00", "2026-10-20T13:20:30"],
    ["--last 90min", "2026-11-20T12:50:30", "now", "2026-11-20T11:20:30", "2026-11-20T12:50:30"],
    ["--last 7d", "2026-11-13T14:20:30", "now", "2026-11-06T14:20:30", "2026-11-13T14:20:30"],
    [
      "--from 2026-11-01 --to 2026-11-08",
      "2026-10-31T23:00",
      "2026-11-08T23:00",
      "2026-10-23T23:00",
      "2026-10-31T23:00",
    ],
    // The clocks went back that night.
    [
      "--from 2026-10-25 --to 2026-10-25",
      "2026-10-24T22:00",
      "2026-10-25T23:00",
      "2026-10-23T21:00",
      "2026-10-24T22:00",
    ],
    ["--from 08:15", "2026-11-20T07:15", "now"],
    [
      "--from 2026-10-24T12:00:00Z --to 2026-10-26T12:00:00+01:00",
      "2026-10-24T12:00",
      "2026-10-26T11:00",
    ],
  ];

  for (const [words, from, to, before, end] of PERIODS) {
    test(`${words} has its bytes${before === undefined ? "" : ", and those of the time before"}`, async () => {
      const ms = (text: string) => (text === "now" ? nowMs : Date.parse(`${text}Z`));
      const part = { fromMs: ms(from), toMs: ms(to) };
      const compare =
        before === undefined || end === undefined
          ? undefined
          : { fromMs: ms(before), toMs: ms(end) };
      const question = [...words.split(" "), "-n", "1000", "--by", "remote", "--compare"];
      const answer = await past.answer(...question);
      const sums = oracle.rows({ by: "remote", ...part, passes: isNetwork });
      assert.deepEqual(bytesOf(answer.rows.filter(isLarge), "remote"), sums);
      assert.deepEqual(both(answer.total), oracle.total({ ...part, passes: isNetwork }));
      if (compare === undefined) return;
      const old = oracle.rows({ by: "remote", ...compare, passes: isNetwork });
      assert.deepEqual(
        answer.before && both(answer.before.total),
        oracle.total({ ...compare, passes: isNetwork }),
      );
      for (const row of answer.rows) {
        assert.deepEqual(row.before && both(row.before), old.get(row.key) ?? [0, 0]);
      }
    });
  }

  test("--step 1d has local days, the one of 25 hours among them, and 1h its 25 hours", async () => {
    const days = await past.answer("--from", "2026-10-23", "--to", "2026-10-27", "--step", "1d");
    const lengths: number[] = [];
    for (const [n, fromMs] of (days.series?.startsMs ?? []).entries()) {
      const toMs = days.series?.startsMs[n + 1] ?? days.toMs;
      lengths.push((toMs - fromMs) / HOUR_MS);
      const sum = oracle.total({ fromMs, toMs, passes: isNetwork });
      assert.deepEqual([days.series?.rxBytes[n], days.series?.txBytes[n]], sum);
    }
    assert.deepEqual(lengths, [24, 24, 25, 24, 24]);
    const csv = await past.text(
      "--from",
      "2026-10-25",
      "--to",
      "2026-10-25",
      "--step",
      "1h",
      "--csv",
    );
    const lines = csv.trimEnd().split(/\r?\n/).slice(1);
    assert.equal(lines.length, 25);
    const sum = lines.reduce((all, line) => all + Number(line.split(",")[2]), 0);
    const [rx] = oracle.total({
      fromMs: Date.parse("2026-10-24T22:00Z"),
      toMs: Date.parse("2026-10-25T23:00Z"),
      passes: isNetwork,
    });
    assert.equal(sum, rx);
  });
});

describe("history as text", () => {
  test("--redact has other names for hosts and people, and the same numbers", async () => {
    for (const by of ["remote", "user", "container"]) {
      const words = ["--last", "110d", "--by", by, "--json"];
      const text = await past.text(...words, "--redact");
      assert.doesNotMatch(text, /host-\d|user-[01]|"web"/, by);
      const numbers = (answer: ShownAnswer) => answer.rows.map(both);
      assert.deepEqual(numbers(JSON.parse(text)), numbers(JSON.parse(await past.text(...words))));
    }
  });

  test("says the sums, the largest first, the rest as one, and what it left out", async () => {
    const text = await past.text("--last", "110d", "--by", "remote", "-n", "2", "--compare");
    const { rows, others } = await past.answer("--last", "110d", "--by", "remote", "-n", "2");
    const table = text.slice(text.indexOf("REMOTE")).split("\n");
    assert.match(table[0] ?? "", /^REMOTE +DOWN +UP +SHARE +CHANGE +OPENED$/);
    assert.deepEqual(
      table.slice(1, 3).map((line) => line.split(" ")[0]),
      rows.map(({ name }) => name),
    );
    assert.match(table[3] ?? "", new RegExp(`^${others?.count} others `));
    assert.match(text, /^Left out: [\d.]+ .B within this machine \(--scope all/m);
    const everything = await past.text("--last", "110d", "--scope", "all");
    assert.match(everything, /^In all .* down, .* up; [\d.]+ .B within this machine$/m);
    assert.match(everything, /^APPLICATION .* LOOPBACK/m);
    assert.doesNotMatch(everything, /Left out/);
    const within = await past.text("--last", "110d", "--scope", "loopback");
    assert.match(within, /^In all [1-9].* down, [1-9].* up within this machine$/m);
    assert.match(await past.text("-i", "lo", "--last", "110d"), /fits the filter\.\n\nLeft out: /);
  });

  test("--csv has a line for each row and one for the rest", async () => {
    const csv = await past.text("--last", "110d", "--by", "country", "--csv", "-n", "1");
    const { rows, others } = await past.answer("--last", "110d", "--by", "country", "-n", "1");
    const lines = csv.trimEnd().split(/\r?\n/).slice(1);
    assert.deepEqual(
      lines.map((line) => line.split(",").slice(0, 4)),
      [...rows, others].map((row) => [
        row?.key,
        row?.name,
        String(row?.rxBytes),
        String(row?.txBytes),
      ]),
    );
  });
});

function bytesOf(rows: readonly HistoryRow[], by: HistoryGrouping): Map<string, Bytes> {
  const sums = new Map<string, Bytes>();
  for (const row of rows) sums.set(by === "process" ? row.name : row.key, both(row));
  assert.equal(sums.size, rows.length);
  return new Map([...sums].filter(([, [rx, tx]]) => rx + tx > 0));
}

function keyAndBytes(row: HistoryRow): [string, Bytes] {
  return [row.key, both(row)];
}

function isLarge({ rxBytes, txBytes }: HistoryRow): boolean {
  return rxBytes + txBytes > 0;
}

function both({ rxBytes, txBytes }: { rxBytes: number; txBytes: number }): Bytes {
  return [rxBytes, txBytes];
}

function sumOf(all: readonly Bytes[]): Bytes {
  return all.reduce<Bytes>(([rx, tx], [moreRx, moreTx]) => [rx + moreRx, tx + moreTx], [0, 0]);
}
