// `export` on a real store: services and processes, every level, kind of traffic and format, held against sums of what was
// put in and against `history`.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parquetReadObjects } from "hyparquet";
import type { ExportKind, HistoryLevel } from "../src/model/history.ts";
import { cellsOf } from "../src/model/redact.ts";
import { chanceOf, randomDetails } from "../src/store/scripted-ticks.ts";
import { openPastCommands, type PastCommands } from "./past-commands.ts";
import { type Bytes, createOracle } from "./past-oracle.ts";

type Row = Readonly<Record<string, string | number | null>>;

const EVERY_MS = 150_000;
/** A day that is over, whole at every level. */
const DAY = ["--from", "2026-11-19", "--to", "2026-11-19"];
const OF_DAY = { fromMs: Date.parse("2026-11-18T23:00Z"), toMs: Date.parse("2026-11-19T23:00Z") };
/** Seconds are kept for a day. */
const MORNING = ["--from", "2026-11-20 08:00", "--to", "2026-11-20 12:00"];
const OF_MORNING = {
  fromMs: Date.parse("2026-11-20T07:00Z"),
  toMs: Date.parse("2026-11-20T11:00Z"),
};

const oracle = createOracle();
let past: PastCommands;

before(async () => {
  const chance = chanceOf(5);
  past = await openPastCommands({
    zone: "Europe/Berlin",
    now: "2026-11-20T15:20:30",
    days: 2,
    fill(store, { fromMs, nowMs }) {
      for (let atMs = fromMs + EVERY_MS; atMs < nowMs; atMs += EVERY_MS) {
        oracle.append(store, atMs, randomDetails(chance), EVERY_MS);
      }
    },
  });
});
after(() => past[Symbol.asyncDispose]());

const SCOPES: readonly (readonly [word: string | undefined, passes: (scope: string) => boolean])[] =
  [
    [undefined, () => true],
    ["networks", (scope) => scope !== "loopback"],
    ["loopback", (scope) => scope === "loopback"],
  ];

describe("export", () => {
  const KINDS: readonly (readonly [kind: ExportKind, level: HistoryLevel])[] = [
    ["service", "second"],
    ["service", "minute"],
    ["service", "hour"],
    ["service", "day"],
    ["process", "minute"],
    ["process", "hour"],
  ];
  for (const [kind, level] of KINDS) {
    for (const [scope, passes] of SCOPES) {
      test(`--by ${kind} --level ${level} of ${scope ?? "all"} has every byte, the same in each format`, async () => {
        const [period, times] = level === "second" ? [MORNING, OF_MORNING] : [DAY, OF_DAY];
        const words = [...period, "--by", kind, "--level", level];
        if (scope !== undefined) words.push("--scope", scope);
        const rows = await jsonRows(...words);
        assert.ok(rows.length > 1);
        assert.deepEqual(
          sumsBy("application", rows),
          oracle.rows({ by: "application", ...times, passes }),
        );
        if (kind === "process") {
          assert.deepEqual(sumsBy(nameOf, rows), oracle.rows({ by: "process", ...times, passes }));
          const asked = ["--by", "process", "-n", "1000", "--scope", scope ?? "all"];
          const shown = (await past.answer(...DAY, ...asked)).rows.map(
            (row) => [row.name, [row.rxBytes, row.txBytes]] as const,
          );
          assert.deepEqual(sumsBy(nameOf, rows), new Map(shown));
        } else if (level !== "second") {
          assert.deepEqual(sumsBy("remote", rows), oracle.rows({ by: "remote", ...times, passes }));
        }
        const loopback = rows.map((row) => Number(row.rx_loopback_bytes ?? 0));
        if (scope === "networks") assert.ok(loopback.every((bytes) => bytes === 0));
        if (scope === "loopback" && "rx_loopback_bytes" in (rows[0] ?? {})) {
          for (const row of rows) assert.equal(row.rx_loopback_bytes, row.rx_bytes);
        }
        assert.deepEqual(await csvRows(...words), rows.map(asTexts));
        assert.deepEqual(await parquetRows(...words), rows);
      });
    }
  }

  test("--process exports these processes alone, with their applications' or users' if asked", async () => {
    const rows = await jsonRows(...DAY, "--process", "app-1");
    assert.deepEqual(
      Object.keys(rows[0] ?? {}),
      "from application application_name interface pid started process user container rx_bytes tx_bytes rx_loopback_bytes tx_loopback_bytes".split(
        " ",
      ),
    );
    const filter = { application: ["path:/usr/bin/app-1"] };
    assert.deepEqual(
      sumsBy("application", rows),
      oracle.rows({ ...OF_DAY, by: "application", filter }),
    );
    const words = ["--by", "process", "--app", "app-1", "-i", "eth1", "--user", "ann"];
    const own = await jsonRows(...DAY, ...words);
    assert.deepEqual(
      sumsBy("application", own),
      oracle.rows({ ...OF_DAY, by: "application", filter: { ...filter, interface: ["eth1"] } }),
    );
    const unexplained = await jsonRows(...DAY, "--process", "unknown");
    assert.ok(unexplained.length > 0);
    for (const { application, pid, started, process } of unexplained) {
      assert.deepEqual(
        [application, pid, started, process],
        ["path:/usr/bin/app-3", null, null, ""],
      );
    }
  });

  test("what is not kept is said with the way to it", async () => {
    const wrong: readonly (readonly [words: string, message: RegExp])[] = [
      ["--by process --level day", /by minute for a week, and by hour/],
      ["--by process --level second", /Choose one of these levels/],
      ["--by process --country DE", /kept by application/],
      ["--by service --process app-1", /Export processes/],
      ["--level second --country DE", /Export minutes/],
    ];
    for (const [words, message] of wrong) {
      await assert.rejects(past.exported(...DAY, ...words.split(" ")), {
        code: "invalid",
        message,
      });
    }
  });

  test("a period that reaches far beyond what is kept takes no longer", async () => {
    const startedMs = performance.now();
    const rows = await jsonRows("--from", "1980-01-01", "--to", "2070-01-01", "--by", "process");
    assert.deepEqual(sumsBy("application", rows), oracle.rows({ by: "application" }));
    assert.ok(performance.now() - startedMs < 30_000);
  });
});

async function jsonRows(...words: string[]): Promise<Row[]> {
  const text = String(await past.exported(...words, "--format", "jsonl"));
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
}

async function csvRows(...words: string[]): Promise<Record<string, string>[]> {
  const [titles = "", ...lines] = String(await past.exported(...words))
    .trimEnd()
    .split("\r\n");
  const names = titles.split(",");
  return lines.map((line) => {
    const cells = cellsOf(line);
    return Object.fromEntries(names.map((name, n) => [name, cells[n] ?? ""]));
  });
}

async function parquetRows(...words: string[]): Promise<Row[]> {
  const { buffer, byteOffset, length } = await past.exported(...words, "--format", "parquet");
  const file = buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer;
  return (await parquetReadObjects({ file })).map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
  );
}

function plain(value: unknown): string | number | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  return typeof value === "string" ? value : Number(value);
}

function asTexts(row: Row): Record<string, string> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, String(value ?? "")]),
  );
}

function nameOf({ process, pid }: Row): string {
  return process === "" ? "" : `${process} (${pid})`;
}

function sumsBy(key: string | ((row: Row) => string), rows: readonly Row[]): Map<string, Bytes> {
  const sums = new Map<string, Bytes>();
  for (const row of rows) {
    const name = typeof key === "string" ? String(row[key]) : key(row);
    const [rx, tx] = sums.get(name) ?? [0, 0];
    sums.set(name, [rx + Number(row.rx_bytes), tx + Number(row.tx_bytes)]);
  }
  return sums;
}
