// Questions of `history` by the clock on the wall, in zones that change it, of half hours, and at midnights that there
// are not; and the 95th percentile. Held against sums of what was put in.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HistoryAnswer } from "../src/model/history.ts";
import { detailOf } from "../src/store/scripted-ticks.ts";
import { openPastCommands, type PastOptions } from "./past-commands.ts";
import { createOracle, type Oracle } from "./past-oracle.ts";

const HOUR_MS = 3_600_000;

interface DayCase {
  readonly zone: string;
  readonly now: string;
  /** As UTC: where the day before, this day and the week begin. */
  readonly yesterday: string;
  readonly today: string;
  readonly week: string;
  /** Hours that `--step 1h` has of yesterday. */
  readonly hours: number;
}

const CASES: readonly DayCase[] = [
  // 02:00 was 03:00 on Sunday the 29th of March.
  {
    zone: "Europe/Berlin",
    now: "2026-03-30T09:40",
    yesterday: "2026-03-28T23:00Z",
    today: "2026-03-29T22:00Z",
    week: "2026-03-29T22:00Z",
    hours: 23,
  },
  // The first Sunday of November has 25 hours.
  {
    zone: "America/New_York",
    now: "2026-11-02T20:10",
    yesterday: "2026-11-01T04:00Z",
    today: "2026-11-02T05:00Z",
    week: "2026-11-02T05:00Z",
    hours: 25,
  },
  // Half an hour is put forward in October: 23.5 hours.
  {
    zone: "Australia/Lord_Howe",
    now: "2026-10-05T12:00",
    yesterday: "2026-10-03T13:30Z",
    today: "2026-10-04T13:00Z",
    week: "2026-10-04T13:00Z",
    hours: 24,
  },
  // No change, and half an hour beside all others.
  {
    zone: "Asia/Kolkata",
    now: "2026-11-18T23:10",
    yesterday: "2026-11-16T18:30Z",
    today: "2026-11-17T18:30Z",
    week: "2026-11-15T18:30Z",
    hours: 24,
  },
  // The clocks change at midnight there: the day begins at 01:00.
  {
    zone: "Africa/Cairo",
    now: "2026-04-25T10:00",
    yesterday: "2026-04-23T22:00Z",
    today: "2026-04-24T21:00Z",
    week: "2026-04-19T22:00Z",
    hours: 23,
  },
];

for (const { zone, now, yesterday, today, week, hours } of CASES) {
  test(`days and weeks around ${now} in ${zone} have their bytes`, async () => {
    const oracle = createOracle();
    let nowMs = 0;
    await using past = await openPastCommands({
      zone,
      now,
      days: 9,
      fill(store, times) {
        nowMs = times.nowMs;
        let rxBytes = 1;
        for (let atMs = times.fromMs + 600_000; atMs < nowMs; atMs += 600_000) {
          rxBytes = (rxBytes * 7) % 100_003;
          // Beside every midnight, hour and half hour.
          const endMs = atMs - 300_000;
          oracle.append(store, endMs, [detailOf({ rxBytes, txBytes: rxBytes + 1 })], 600_000);
        }
      },
    });
    const sum = (from: string, to: number) => [
      ...oracle.total({ fromMs: Date.parse(from), toMs: to }),
    ];
    const both = ({ total }: HistoryAnswer) => [total.rxBytes, total.txBytes];
    assert.deepEqual(both(await past.answer("today")), sum(today, nowMs));
    assert.deepEqual(both(await past.answer("yesterday")), sum(yesterday, Date.parse(today)));
    assert.deepEqual(both(await past.answer("week")), sum(week, nowMs));
    const date = new Date(Date.parse(today) - 12 * HOUR_MS).toLocaleDateString("sv-SE");
    const day = await past.answer("--from", date, "--to", date, "--step", "1h");
    assert.deepEqual(both(day), sum(yesterday, Date.parse(today)));
    assert.equal(day.series?.startsMs.length, hours);
    // Steps have the bytes between their starts, the short one of Lord Howe too.
    for (const [n, fromMs] of (day.series?.startsMs ?? []).entries()) {
      const toMs: number = day.series?.startsMs[n + 1] ?? day.toMs;
      assert.equal(
        day.series?.rxBytes[n],
        oracle.total({ fromMs, toMs })[0],
        new Date(fromMs).toISOString(),
      );
    }
  });
}

describe("history --percentile", () => {
  const MINUTE_MS = 60_000;
  const MINUTES = 30 * 60;
  /** In the middle Monitauri was away: what is not watched is no sample of zero. */
  const AWAY = { from: 600, to: 780 };

  function fillMinutes(oracle: Oracle): PastOptions["fill"] {
    return (store, { fromMs }) => {
      for (let minute = 1; minute <= MINUTES; minute += 1) {
        if (minute > AWAY.from && minute <= AWAY.to) continue;
        // Rare peaks, of one program in the first hours and of the other later.
        const rxBytes = 60 * (1_000 + ((minute * 7_919) % 997) * (minute % 40 < 4 ? 900 : 1));
        const application = `path:/usr/bin/${minute < 300 ? "early" : "late"}`;
        const detail = detailOf({ application, rxBytes, txBytes: Math.ceil(rxBytes / 3) });
        oracle.append(store, fromMs + minute * MINUTE_MS, [detail], MINUTE_MS);
      }
    };
  }

  test("leaves out the fastest twentieth of five minutes, or of minutes where the period is short", async () => {
    const oracle = createOracle();
    await using past = await openPastCommands({
      zone: "Europe/Berlin",
      now: "2026-11-20T16:00",
      days: 30 / 24,
      fill: fillMinutes(oracle),
    });
    const nowMs = Date.now();
    const expected = (hours: number, sampleMs: number, application?: string) => {
      const rates: (readonly [number, number])[] = [];
      const startMs = nowMs - 30 * HOUR_MS;
      for (let fromMs = nowMs - hours * HOUR_MS; fromMs < nowMs; fromMs += sampleMs) {
        const minute = (fromMs - startMs) / MINUTE_MS;
        if (minute >= AWAY.from && minute < AWAY.to) continue;
        const filter = application === undefined ? {} : { application: [application] };
        const [rx, tx] = oracle.total({ fromMs, toMs: fromMs + sampleMs, filter });
        rates.push([rx / (sampleMs / 1_000), tx / (sampleMs / 1_000)]);
      }
      const rank = (values: number[]) =>
        values.sort((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1];
      return {
        rxBytesPerSecond: rank(rates.map(([rx]) => rx)),
        txBytesPerSecond: rank(rates.map(([, tx]) => tx)),
        sampleMs,
        samples: rates.length,
      };
    };
    const asked = async (...words: string[]) =>
      (await past.answer("--percentile", ...words)).percentile95;
    assert.deepEqual(await asked("--last", "30h"), expected(30, 5 * MINUTE_MS));
    assert.deepEqual(await asked("--last", "2h"), expected(2, MINUTE_MS));
    const early = expected(30, 5 * MINUTE_MS, "path:/usr/bin/early");
    assert.deepEqual(await asked("--last", "30h", "--app", "early"), early);
    assert.equal((await past.answer("--last", "30h")).percentile95, null);
    const text = await past.text("--last", "30h", "--percentile");
    assert.match(text, /^95th percentile of 5 min: [\d.]+ .?B\/s down, [\d.]+ .?B\/s up$/m);
    assert.match(text, /^Watched for 1 d 3 h of it, 90\.0 %$/m);
  });
});
