import assert from "node:assert/strict";
import { test } from "node:test";
import { openZone } from "./zone.ts";

const BERLIN = openZone("Europe/Berlin");
const iso = (atMs: number | undefined) => (atMs === undefined ? "" : new Date(atMs).toISOString());

test("startOf() knows local midnights, also of months beyond their ends", () => {
  assert.equal(iso(BERLIN.startOf(2026, 11, 25)), "2026-11-24T23:00:00.000Z");
  assert.equal(iso(BERLIN.startOf(2026, 7, 1)), "2026-06-30T22:00:00.000Z");
  assert.equal(iso(BERLIN.startOf(2026, 1, 0)), "2025-12-30T23:00:00.000Z");
  assert.equal(iso(BERLIN.startOf(2026, 13, 1)), "2026-12-31T23:00:00.000Z");
});

test("startOf() of a day without midnight is its first instant, of a day that was skipped the next", () => {
  // Beirut turned its clocks at midnight of 27 March 2022; Apia had no 30 December 2011.
  assert.equal(iso(openZone("Asia/Beirut").startOf(2022, 3, 27)), "2022-03-26T22:00:00.000Z");
  const apia = openZone("Pacific/Apia");
  assert.equal(apia.startOf(2011, 12, 30), apia.startOf(2011, 12, 31));
});

test("read() is the reverse of local() at every hour of days on which clocks are turned", () => {
  for (const name of ["Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Asia/Kolkata"]) {
    const zone = openZone(name);
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += 3_600_000 + 61_000) {
      const again = zone.read(zone.local(at)) ?? 0;
      // An hour that comes twice is read as the first one.
      assert.equal(zone.local(again), zone.local(at));
      assert.ok(again === at || (again < at && at - again <= 3_600_000), `${name} ${iso(at)}`);
    }
  }
});

test("read() goes on behind a time that the clocks skipped, and refuses what is no time", () => {
  assert.equal(iso(BERLIN.read("2026-03-29T02:30")), "2026-03-29T01:30:00.000Z");
  assert.equal(iso(BERLIN.read("2026-10-25T02:30")), "2026-10-25T00:30:00.000Z");
  assert.equal(iso(BERLIN.read("2026-11-08T12:00:05")), "2026-11-08T11:00:05.000Z");
  for (const text of [
    "",
    "2026-02-30T10:00",
    "2026-11-08T24:00",
    "2026-11-08",
    "x",
    "0001-01-01T00:00",
  ]) {
    assert.equal(BERLIN.read(text), undefined, text);
  }
});

test("openZone() takes the browser's own zone where the name is none", () => {
  assert.equal(openZone("No/Where").name, new Intl.DateTimeFormat().resolvedOptions().timeZone);
});
