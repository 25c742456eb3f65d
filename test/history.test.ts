// The history of a daemon with made-up traffic: it stays over restarts and kills, and the commands show it.
import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, afterEach, beforeEach, describe, test } from "node:test";
import { connectDaemon } from "../src/cli/connect.ts";
import type { HistoryAnswer } from "../src/model/history.ts";
import { openHistoryReader } from "../src/store/reader.ts";
import { type Ended, openCommands, type Program, startDaemon } from "./programs.ts";

const INTERVAL_MS = 100;
const commands = openCommands();

after(() => commands[Symbol.asyncDispose]());
/** What the made-up sampler counts each time. */
const TICK_BYTES = 1_000;

let folder: string;
let data: string;
let programs: Program[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
  data = join(folder, "data");
  mkdirSync(data);
  programs = [];
});
afterEach(async () => {
  for (const { child } of programs) child.kill("SIGKILL");
  await Promise.all(programs.map(({ ended }) => ended));
  rmSync(folder, { recursive: true });
});

describe("the history of a daemon", () => {
  test("has the first sample and the last, and goes on after a restart", async () => {
    const first = await ready();
    await kept((answer) => answer.total.rxBytes >= 3 * TICK_BYTES);
    first.child.kill("SIGINT");
    const { code, stdout } = await first.ended;
    assert.equal(code, 0);
    const [, kilobytes] = /: ([\d.]+) kB down, .* counted; history saved\n$/.exec(stdout) ?? [];
    assert.deepEqual(readdirSync(data), ["alerts.journal", "history.db"]);
    assert.equal(statSync(join(data, "history.db")).mode & 0o777, 0o600);

    const period = { fromMs: Date.now() - 600_000, toMs: Date.now() + 1_000 };
    using reader = openHistoryReader({ path: join(data, "history.db"), now: Date.now });
    assert.equal(reader.query(period).total.rxBytes, Number(kilobytes) * 1_000);
    await ready();
    const { total, sessions } = await kept(({ sessions }) => sessions.length === 2);
    assert.deepEqual(
      sessions.map(({ clean }) => clean),
      [null, true],
    );
    assert.ok(total.rxBytes > Number(kilobytes) * 1_000);
  });

  test("loses at most 2 seconds when it is killed", async () => {
    const killed = await ready();
    await kept((answer) => answer.total.rxBytes >= 5 * TICK_BYTES);
    const counted = (await client().status()).total.rxBytes;
    killed.child.kill("SIGKILL");
    await killed.ended;
    await ready();
    const { sessions } = await kept(({ sessions }) => sessions.length === 2);
    assert.equal(sessions[1]?.clean, false);
    const { total } = await ask({ toMs: sessions[0]?.fromMs ?? 0 });
    assert.ok(total.rxBytes >= counted - (2_000 / INTERVAL_MS) * TICK_BYTES);
    assert.ok(total.rxBytes >= 4 * TICK_BYTES, "what was answered before is still there");
  });

  test("a history of a newer version is not touched, and counting goes on", async () => {
    const path = join(data, "history.db");
    const newer = new DatabaseSync(path);
    newer.exec("CREATE TABLE future (x); PRAGMA user_version = 999");
    newer.close();
    const bytes = readFileSync(path);
    const daemon = await ready();
    await daemon.says(/no history is kept: .*newer/);
    assert.ok((await client().status()).total.rxBytes > 0);
    const { code, stderr } = await command("history");
    assert.equal(code, 1);
    assert.match(stderr, /^monitauri: Cannot open the history: a newer Monitauri made it/);
    assert.match((await done("status")).stdout, /^Thread history is stopped: .*newer/m);
    assert.match((await done("doctor")).stdout, /^missing history: .*newer.*\n {8}To do: /m);
    daemon.child.kill();
    assert.match((await daemon.ended).stdout, /history NOT saved/);
    assert.deepEqual(readFileSync(path), bytes);
  });

  test("its settings are read again on SIGHUP, and it can be switched off", async () => {
    const config = join(data, "config.toml");
    writeFileSync(config, "[historyKeep]\nminuteDays = 7\n[csvLog]\n");
    const daemon = await ready();
    await kept((answer) => answer.total.rxBytes > 0);
    assert.ok(readdirSync(data).includes("csv"));
    assert.equal((await client().historyState()).settings.minuteDays, 7);
    writeFileSync(config, "[historyKeep]\nminuteDays = 8\n");
    daemon.child.kill("SIGHUP");
    await daemon.says(/configuration read again/);
    assert.equal((await client().historyState()).settings.minuteDays, 8);
    daemon.child.kill();
    await daemon.ended;
    rmSync(join(data, "history.db"));
    writeFileSync(config, "history = false\n");
    await ready();
    assert.match((await command("history")).stderr, /the history is switched off/);
    assert.match((await done("doctor")).stdout, /^missing history: switched off$/m);
    assert.ok(!readdirSync(data).includes("history.db"));
  });
});

describe("the commands of the past", () => {
  test("history shows who it was, as a table, JSON and CSV", async () => {
    await ready();
    await kept((answer) => answer.total.rxBytes >= 5 * TICK_BYTES);
    const table = (await done("history", "--last", "10min", "--compare")).stdout;
    assert.match(table, /^\d{4}-\d\d-\d\d \d\d:\d\d to .* {2}\(the last 10min\)\nDownload /);
    assert.match(table, /^Watched for .* of it, \d+\.\d %$/m);
    assert.match(
      table,
      /^In all [\d.]+ kB down, [\d.]+ .?B up; the period before 0 B down, 0 B up$/m,
    );
    assert.match(
      table,
      /^APPLICATION +DOWN +UP +SHARE +CHANGE\ncurl +[\d.]+ kB +[\d.]+ .?B +100\.0 % +#{12} +new$/m,
    );
    const { rows, series } = json(await done("history", "--json"));
    assert.deepEqual([rows.length, rows[0]?.key, series], [1, "path:/usr/bin/curl", null]);
    const stepped = json(await done("history", "--json", "--step", "1s", "--last", "1min"));
    assert.ok((stepped.series?.startsMs.length ?? 0) >= 60);
    const csv = (await done("history", "--csv")).stdout;
    assert.match(
      csv,
      /^key,name,rx_bytes,tx_bytes,.*\npath:\/usr\/bin\/curl,curl,\d+,\d+,0,0,,,\n$/,
    );
    assert.match((await done("history", "--app", "CURL")).stdout, /^curl /m);
    const nobody = await command("history", "--app", "nobody");
    assert.deepEqual([nobody.code, nobody.stdout], [1, ""]);
    assert.match(nobody.stderr, /no application of that name/);
    assert.match(
      (await done("history", "yesterday")).stdout,
      /^Nothing to show: the history begins on \d/m,
    );
    assert.match(
      (await done("history", "--country", "DE")).stdout,
      /^Nothing to show: no traffic .* fits/m,
    );
  });

  test("export has every byte, and import adds days of the past", async () => {
    await ready();
    await kept((answer) => answer.total.rxBytes >= 5 * TICK_BYTES);
    const file = join(folder, "rows.csv");
    const toMs = Math.ceil(Date.now() / 1_000) * 1_000;
    const period = [
      "--from",
      new Date(toMs - 60_000).toISOString(),
      "--to",
      new Date(toMs).toISOString(),
    ];
    while (((await client().historyState()).lastAtMs ?? 0) <= toMs) await pause();
    assert.equal((await done("export", ...period, "--level", "second", "-o", file)).stdout, "");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const lines = readFileSync(file, "utf8").trimEnd().split("\r\n").slice(1);
    const exported = lines.reduce((sum, line) => sum + Number(line.split(",")[4]), 0);
    const answered = json(await done("history", ...period, "--json"));
    assert.equal(exported, answered.rows[0]?.rxBytes);
    assert.match(
      (await done("export", "--format", "jsonl", "--level", "second")).stdout,
      /^\{"from":"/,
    );
    const unwritable = await command("export", "-o", join(folder, "none", "rows.csv"));
    assert.match(unwritable.stderr, /^monitauri: Cannot write .*ENOENT/);

    const vnstat = join(folder, "vnstat.json");
    const day = [{ date: { year: 2020, month: 5, day: 4 }, rx: 5_000, tx: 400 }];
    writeFileSync(
      vnstat,
      JSON.stringify({ jsonversion: "2", interfaces: [{ name: "eth0", traffic: { day } }] }),
    );
    assert.equal((await done("import", "vnstat", vnstat)).stdout, "Imported 1 days of eth0.\n");
    const old = (await done("history", "--from", "2020-05-04", "--to", "2020-05-04")).stdout;
    assert.match(old, /^imported from vnStat +5\.00 kB +400 B +100\.0 %/m);
  });
});

async function ready(): Promise<Program> {
  const program = startDaemon(data, INTERVAL_MS);
  programs.push(program);
  await program.says(/Ctrl-C stops/);
  return program;
}

function client() {
  return connectDaemon([join(data, "daemon.sock")]);
}

function ask({ toMs }: { toMs: number }): Promise<HistoryAnswer> {
  return client().history({ fromMs: Date.now() - 600_000, toMs });
}

async function kept(wanted: (answer: HistoryAnswer) => boolean): Promise<HistoryAnswer> {
  for (;;) {
    const answer = await ask({ toMs: Date.now() + 1_000 });
    if (wanted(answer)) return answer;
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

function command(...args: string[]): Promise<Ended> {
  return commands.run(data, args);
}

async function done(...args: string[]): Promise<Ended> {
  const ended = await command(...args);
  assert.deepEqual([ended.code, ended.stderr], [0, ""]);
  return ended;
}

function json({ stdout }: Ended): HistoryAnswer {
  return JSON.parse(stdout) as HistoryAnswer;
}
