/** Which program met which country or remote, and when: for alerts, which must not call new what was known. */

import type { DatabaseSync } from "node:sqlite";
import {
  MAX_MEETINGS,
  type Meeting,
  type MeetingAnswer,
  type MeetingQuery,
} from "../model/history-meetings.ts";
import { valuesOf } from "./dimensions.ts";
import { readKept } from "./kept.ts";
import { readMarks } from "./marks.ts";
import { checkPeriod } from "./query.ts";
import { scan, unitMs } from "./scan.ts";
import { segmentsOf } from "./segments.ts";

const HOUR_MS = 3_600_000;
/** More than there are hours until the year 3000: a key and an hour are one number. */
const MAX_HOURS = 10_000_000;

interface Key {
  readonly application: number;
  readonly value: number;
  readonly user: number;
  readonly container: number;
}

/** @throws MonitauriError "invalid". */
export function answerMeetings(
  db: DatabaseSync,
  query: MeetingQuery,
  nowMs: number,
): MeetingAnswer {
  checkPeriod(query);
  const { keyOfPair, keys } = readPairs(db, query);
  const isHourly = query.each === "hour";
  const coarsest = isHourly || query.toHour === true ? "hour" : "day";
  const { parts } = segmentsOf(db, query, { kept: readKept(db), finest: "minute", coarsest });
  const firsts = new Map<number, number>();
  const hours = new Set<number>();
  for (const part of parts) {
    const unit = unitMs(part.level);
    scan(db, part, { kind: "detail" }, (at, _application, pair, rxBytes, txBytes) => {
      const key = keyOfPair.get(pair);
      if (key === undefined || rxBytes + txBytes === 0) return;
      // A coarser row may begin before the period.
      const atMs = Math.max(query.fromMs, at * unit);
      if (isHourly) hours.add(key * MAX_HOURS + Math.floor(atMs / HOUR_MS));
      else if (atMs < (firsts.get(key) ?? Number.POSITIVE_INFINITY)) firsts.set(key, atMs);
    });
  }
  const found: [key: number, atMs: number][] = isHourly
    ? [...hours].map((one) => [Math.floor(one / MAX_HOURS), (one % MAX_HOURS) * HOUR_MS])
    : [...firsts];
  found.sort(([, a], [, b]) => a - b);
  return {
    meetings: labelled(db, keys, found.slice(0, MAX_MEETINGS)),
    isCut: found.length > MAX_MEETINGS,
    observedMs: readMarks(db, query, nowMs).observedMs(query),
  };
}

function readPairs(db: DatabaseSync, { of, values }: MeetingQuery) {
  // Only numbers that we looked up are written into it.
  const wanted =
    values === undefined ? "" : `AND ${of} IN (${[...valuesOf(db, of, values)].join(", ")})`;
  const rows = db
    .prepare(
      `SELECT id, application, ${of} AS value, user, container FROM pair WHERE ${of} <> 0 ${wanted}`,
    )
    .iterate();
  const keyOfPair = new Map<number, number>();
  const keys: Key[] = [];
  const known = new Map<string, number>();
  for (const { id, application, value, user, container } of rows) {
    const text = `${application} ${value} ${user} ${container}`;
    let key = known.get(text);
    if (key === undefined) {
      key = keys.length;
      keys.push({
        application: Number(application),
        value: Number(value),
        user: Number(user),
        container: Number(container),
      });
      known.set(text, key);
    }
    keyOfPair.set(Number(id), key);
  }
  return { keyOfPair, keys };
}

function labelled(
  db: DatabaseSync,
  keys: readonly Key[],
  found: readonly (readonly [key: number, atMs: number])[],
): Meeting[] {
  const textOf = remembered(db, "SELECT value AS key, '' AS name FROM text WHERE id = ?");
  const applicationOf = remembered(db, "SELECT key, name FROM application WHERE id = ?");
  return found.flatMap(([index, atMs]) => {
    const key = keys[index];
    if (key === undefined) return [];
    const { key: application, name } = applicationOf(key.application);
    const [value, user, container] = [key.value, key.user, key.container].map(
      (id) => textOf(id).key,
    );
    return [
      { application, name, value: value ?? "", user: user ?? "", container: container ?? "", atMs },
    ];
  });
}

/** Each number is looked up once. */
function remembered(db: DatabaseSync, sql: string): (id: number) => { key: string; name: string } {
  const find = db.prepare(sql);
  const known = new Map<number, { key: string; name: string }>();
  return (id) => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const row = find.get(id);
    const label = { key: String(row?.key ?? ""), name: String(row?.name ?? "") };
    known.set(id, label);
    return label;
  };
}
