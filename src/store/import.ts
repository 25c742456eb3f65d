/** Adds days that another program counted: of interfaces, without applications. */

import type { DatabaseSync } from "node:sqlite";
import { type ImportReport, UNEXPLAINED } from "../model/history.ts";
import type { Calendar, LocalDay } from "../model/local-days.ts";
import { createDictionary } from "./dictionary.ts";
import { whole } from "./reconcile.ts";
import { MACHINE, SPAN_DETAIL, TEXT_NONE } from "./schema.ts";
import { spanOf } from "./spans.ts";
import type { ImportedDay } from "./vnstat.ts";

const IMPORTED = { key: "imported:vnstat", name: "imported from vnStat" } as const;

/**
 * Only days before the first one that was watched here, else they would count twice. The same days again replace
 * what was imported before. To be called in a transaction.
 */
export function importDays(
  db: DatabaseSync,
  days: readonly ImportedDay[],
  calendar: Calendar,
): ImportReport {
  const dictionary = createDictionary(db);
  const first = db.prepare("SELECT min(from_minute) AS at FROM day WHERE imported = 0").get()?.at;
  const addDay = db.prepare("INSERT INTO day VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT DO NOTHING");
  const setUsage = db.prepare("INSERT OR REPLACE INTO day_usage VALUES (?, ?, ?, ?, ?, 0, 0)");
  const setDetail = db.prepare("INSERT OR REPLACE INTO day_detail VALUES (?, ?, ?, ?, ?, 0)");
  const dropSpan = db.prepare(`DELETE FROM ${SPAN_DETAIL} WHERE at = ?`);
  const sumDay = db.prepare(
    `INSERT OR REPLACE INTO day_usage SELECT at, ${MACHINE}, ${TEXT_NONE}, sum(rx_bytes), sum(tx_bytes), 0, 0
     FROM day_usage WHERE at = ? AND application <> ${MACHINE} GROUP BY at`,
  );
  const done = new Set<number>();
  const interfaces = new Set<string>();
  let skippedDays = 0;
  for (const one of days) {
    const day = localDay(calendar, one.date);
    const isOurs = day !== undefined && typeof first === "number" && day.endMinute > first;
    // Loopback is no traffic of the machine.
    if (day === undefined || isOurs || one.interface.startsWith("lo")) {
      skippedDays += 1;
      continue;
    }
    const at = day.midnightMinute;
    dropSpan.run(spanOf(at));
    addDay.run(at, day.endMinute, day.date, at, day.offsetMinutes);
    const application = dictionary.application(IMPORTED.key, IMPORTED.name);
    const on = dictionary.text(one.interface);
    const bytes = [whole(one.rxBytes), whole(one.txBytes)];
    const detail = {
      ...UNEXPLAINED,
      application: IMPORTED.key,
      interface: one.interface,
      scope: "other",
      rxBytes: 0,
      txBytes: 0,
    } as const;
    const pair = dictionary.pair(detail, { application, interface: on, day: at });
    setUsage.run(at, application, on, ...bytes);
    setDetail.run(at, application, pair, ...bytes);
    sumDay.run(at);
    done.add(at);
    interfaces.add(one.interface);
  }
  return { days: done.size, skippedDays, interfaces: [...interfaces] };
}

/** undefined: there was no such day, as when a zone crossed the date line. */
export function localDay(calendar: Calendar, date: string): LocalDay | undefined {
  const noon = Date.parse(`${date}T12:00:00Z`) / 60_000;
  if (!Number.isFinite(noon)) return undefined;
  return [0, -720, 720].map((by) => calendar(noon + by)).find((day) => day.date === date);
}
