// The past, for both who implement `Monitauri`, with a real history thread; and what only the API has.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parquetReadObjects } from "hyparquet";
import { createAccess } from "../src/api/access.ts";
import { listenOnSocket } from "../src/api/listen.ts";
import { createApp } from "../src/api/routes.ts";
import { connectDaemon } from "../src/cli/connect.ts";
import { createClient } from "../src/client/client.ts";
import { startHistory } from "../src/daemon/history.ts";
import { createLog } from "../src/daemon/log.ts";
import { createMonitauri, type MonitauriParts } from "../src/daemon/monitauri.ts";
import {
  DEFAULT_HISTORY_SETTINGS,
  type HistoryAnswer,
  type HistoryQuery,
} from "../src/model/history.ts";
import type { Monitauri } from "../src/model/monitauri.ts";
import { detailOf, tickOf } from "../src/store/scripted-ticks.ts";

const CURL = "path:/usr/bin/curl";
const FIREFOX = "path:/usr/bin/firefox";
const START = Math.floor(Date.now() / 60_000) * 60_000 - 300_000;
const PERIOD = { fromMs: START, toMs: START + 60_000 };

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const socket = join(folder, "daemon.sock");
const bugs: unknown[] = [];
const history = startHistory({
  worker: new URL("../src/daemon/history-worker.ts", import.meta.url),
  path: join(folder, "history.db"),
  version: "0.0.0-test",
  settings: { ...DEFAULT_HISTORY_SETTINGS, minuteDays: 10 },
  log: createLog((line) => bugs.push(line)),
});
const inProcess = createMonitauri({ history, alerts: {} } as unknown as MonitauriParts);
const access = createAccess({ saved: { sessions: [], tokens: [] }, save() {} });
const options = { version: "0.0.0-test", onBug: (error: unknown) => bugs.push(error), access };
const app = createApp(inProcess, options);
const implementations: Record<string, Monitauri> = {
  "in process": inProcess,
  "over the socket": connectDaemon([socket]),
};
let listener: AsyncDisposable;

before(async () => {
  for (let n = 1; n <= 30; n += 1) {
    const details = [
      detailOf({ rxBytes: 100, txBytes: 10, connectionsOpened: 1 }),
      detailOf({ application: FIREFOX, country: "FR", remote: "ex.fr", rxBytes: 1_000 }),
    ];
    history.keep(tickOf(START + n * 1_000, details));
  }
  listener = await listenOnSocket((asked) => app.fetch(asked), { path: socket, gid: undefined });
});
after(async () => {
  await listener[Symbol.asyncDispose]();
  assert.equal(await history.close(), true);
  rmSync(folder, { recursive: true });
  assert.deepEqual(bugs, []);
});

for (const [name, monitauri] of Object.entries(implementations)) {
  describe(`the past ${name}`, () => {
    test("history() has totals, rows, a series and the period before", async () => {
      const answer = await monitauri.history({
        ...PERIOD,
        groupBy: "application",
        top: 1,
        stepMs: "auto",
        before: "previous",
      });
      assert.deepEqual([answer.total.rxBytes, answer.total.txBytes], [33_000, 300]);
      assert.deepEqual(
        answer.rows.map(({ key, rxBytes }) => [key, rxBytes]),
        [[FIREFOX, 30_000]],
      );
      assert.deepEqual([answer.others?.count, answer.others?.rxBytes], [1, 3_000]);
      assert.equal(sum(answer.series?.rxBytes ?? []), 33_000);
      assert.equal(sum(answer.rows[0]?.rxSeries ?? []), 30_000);
      assert.equal(answer.before?.total.rxBytes, 0);
    });

    test("history() filters by several keys of several groupings", async () => {
      const rx = async (query: Partial<HistoryQuery>) =>
        (await monitauri.history({ ...PERIOD, ...query })).total.rxBytes;
      assert.equal(await rx({ filter: { application: [CURL] } }), 3_000);
      assert.equal(await rx({ filter: { application: [CURL, FIREFOX] } }), 33_000);
      assert.equal(await rx({ filter: { application: [CURL], country: ["FR", "ES"] } }), 0);
      assert.equal(await rx({ filter: { remote: ["a&b=c,d %"] } }), 0);
      const other = { fromMs: START - 60_000, toMs: START + 30_000 };
      const { before } = await monitauri.history({ ...PERIOD, before: other });
      assert.equal(before?.fromMs, other.fromMs);
    });

    test("historyState() has how far it reaches and the settings that were given", async () => {
      const { path, settings, lastAtMs, lostTicks, fault } = await monitauri.historyState();
      assert.equal(path, join(folder, "history.db"));
      assert.equal(settings.minuteDays, 10);
      assert.deepEqual([lastAtMs, lostTicks, fault], [START + 30_000, 0, undefined]);
    });

    test("exportHistory() has every byte, and says what is wrong before it begins", async () => {
      const text = await textOf(
        monitauri.exportHistory({ ...PERIOD, level: "second", format: "csv" }),
      );
      const [titles, ...lines] = text.trimEnd().split("\r\n");
      assert.equal(
        titles,
        "from,application,application_name,interface,rx_bytes,tx_bytes,rx_loopback_bytes,tx_loopback_bytes",
      );
      assert.equal(lines.length, 60);
      assert.equal(sum(lines.map((line) => Number(line.split(",")[4]))), 33_000);
      const filter = { application: [FIREFOX] };
      const json = await textOf(
        monitauri.exportHistory({ ...PERIOD, level: "minute", format: "jsonl", filter }),
      );
      const rows = json
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      assert.equal(sum(rows.map(({ rx_bytes }) => rx_bytes)), 30_000);
      const pieces: Uint8Array[] = [];
      for await (const piece of monitauri.exportParquet({ ...PERIOD, level: "second" })) {
        pieces.push(piece);
      }
      const { buffer, byteOffset, length } = Buffer.concat(pieces);
      const file = buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer;
      const parquet = await parquetReadObjects({ file });
      assert.equal(parquet.length, 60);
      assert.equal(sum(parquet.map((row) => Number(row.rx_bytes))), 33_000);
      const wrong = {
        ...PERIOD,
        level: "second",
        format: "csv",
        filter: { country: ["FR"] },
      } as const;
      await assert.rejects(textOf(monitauri.exportHistory(wrong)), {
        code: "invalid",
        message: /^Cannot filter seconds by country/,
      });
    });

    test("importHistory() takes more than other bodies may have, and refuses what vnstat did not print", async () => {
      const days = Array.from({ length: 800 }, (_, n) => {
        const at = new Date(Date.UTC(2020, 0, 1 + n));
        const date = {
          year: at.getUTCFullYear(),
          month: at.getUTCMonth() + 1,
          day: at.getUTCDate(),
        };
        return { date, rx: 10, tx: 1 };
      });
      const interfaces = [{ name: "eth7", traffic: { day: days } }];
      const text = JSON.stringify({ jsonversion: "2", interfaces });
      assert.ok(text.length > 40_000);
      assert.deepEqual(await monitauri.importHistory({ format: "vnstat", text }), {
        days: 800,
        skippedDays: 0,
        interfaces: ["eth7"],
      });
      const period = { fromMs: Date.UTC(2019, 0), toMs: Date.UTC(2023, 0) };
      assert.equal((await monitauri.history(period)).total.rxBytes, 8_000);
      const bad = monitauri.importHistory({ format: "vnstat", text: "{}" });
      await assert.rejects(bad, { code: "invalid", message: /vnstat --json/ });
    });
  });
}

test("without a history every question says how to get one", async () => {
  const without = createMonitauri({ history: undefined, alerts: {} } as unknown as MonitauriParts);
  const off = { code: "unsupported", message: /Remove history = false from config\.toml/ };
  await assert.rejects(without.history(PERIOD), off);
  await assert.rejects(without.historyState(), off);
  await assert.rejects(without.importHistory({ format: "vnstat", text: "" }), off);
  const exported = without.exportHistory({ ...PERIOD, level: "day", format: "csv" });
  await assert.rejects(textOf(exported), off);
});

test("a question arrives over HTTP as it was asked", async () => {
  const asked: HistoryQuery[] = [];
  const asking = createApp(
    {
      ...inProcess,
      history(query) {
        asked.push(query);
        return inProcess.history(query);
      },
    },
    options,
  );
  const client = createClient(async (path) => {
    const answer = await asking.request(path);
    return { status: answer.status, json: () => answer.json(), pieces: () => assert.fail() };
  });
  const filter = { application: ["a&b=c,d %", "é"], remote: [""], port: ["443"] };
  const queries: HistoryQuery[] = [
    PERIOD,
    { ...PERIOD, groupBy: "direction", filter, top: 0, stepMs: "auto", before: "previous" },
    { ...PERIOD, stepMs: 60_000, before: { fromMs: 1, toMs: 2 }, percentile: true },
  ];
  for (const query of queries) await client.history(query);
  assert.deepEqual(asked, queries);
});

describe("the API of the past", () => {
  const HOUR = "from=2026-11-08T12:00:00%2B01:00&to=2026-11-08T12:00:00Z";

  test("takes times in milliseconds and ISO 8601 with a zone", async () => {
    const { fromMs, toMs } = await answerOf(HOUR);
    assert.deepEqual(
      [fromMs, toMs].map((ms) => new Date(ms).toISOString()),
      ["2026-11-08T11:00:00.000Z", "2026-11-08T12:00:00.000Z"],
    );
    assert.equal((await answerOf(`from=${fromMs}&to=${toMs}`)).fromMs, fromMs);
  });

  test("refuses what makes no sense with a reason", async () => {
    for (const query of [
      "",
      "from=1&to=2026-11-08T12:00",
      `${HOUR}&groupBy=planet`,
      `${HOUR}&aplication=curl`,
      `${HOUR}&top=-1`,
      `${HOUR}&step=0`,
      `${HOUR}&before=never`,
      `${HOUR}&beforeFrom=1`,
      "from=2&to=1",
    ]) {
      const answer = await app.request(`/api/v1/history?${query}`);
      assert.equal(answer.status, 400, query);
      const { error } = (await answer.json()) as { error: { code: string; message: string } };
      assert.equal(error.code, "invalid");
      assert.match(error.message, /\w{5}/);
    }
  });

  test("names an export's file and type, and gives a HEAD no body", async () => {
    const path = `/api/v1/history/export?${HOUR}&level=day`;
    const csv = await app.request(path);
    assert.equal(csv.headers.get("content-type"), "text/csv; charset=utf-8");
    assert.match(csv.headers.get("content-disposition") ?? "", /filename="monitauri-history\.csv"/);
    await csv.body?.cancel();
    const lines = await app.request(`${path}&format=jsonl`, { method: "HEAD" });
    assert.equal(lines.headers.get("content-type"), "application/x-ndjson; charset=utf-8");
    assert.equal(await lines.text(), "");
  });

  test("an export that breaks ends in an error, and makes nothing ahead of its reader", async () => {
    let made = 0;
    async function* breaking() {
      for (made = 1; made <= 3; made += 1) yield `piece ${made}\n`;
      throw new Error("the disk is gone");
    }
    const broken = createApp({ ...inProcess, exportHistory: breaking }, { ...options, onBug() {} });
    const { body } = await broken.request(`/api/v1/history/export?${HOUR}`);
    assert.equal(made, 1);
    const reader = body?.getReader();
    await reader?.read();
    assert.equal(made, 1);
    await assert.rejects(async () => {
      while ((await reader?.read())?.done === false);
    }, /the disk is gone/);
  });

  test("only the Unix socket imports, and only it takes the large body", async () => {
    const { token } = access.redeem(access.makeCode().code);
    const door = createApp(inProcess, { ...options, door: { port: 1 } });
    const post = (text: string) => {
      const body = JSON.stringify({ format: "vnstat", text });
      const headers = {
        Host: "127.0.0.1:1",
        Authorization: `Bearer ${token}`,
        "Content-Type": "application/json",
        "Content-Length": String(body.length),
      };
      return door.request("http://127.0.0.1:1/api/v1/history/import", {
        method: "POST",
        headers,
        body,
      });
    };
    assert.equal((await post("{}")).status, 403);
    assert.equal((await post("x".repeat(20_000))).status, 413);
  });
});

async function answerOf(query: string): Promise<HistoryAnswer> {
  return (await (await app.request(`/api/v1/history?${query}`)).json()) as HistoryAnswer;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
}
