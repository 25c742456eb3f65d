/** Numbers for texts, applications and pairs: each is stored once, rows have its number. */

import type { DatabaseSync } from "node:sqlite";
import { HISTORY_DIRECTIONS, HISTORY_SCOPES, UNEXPLAINED } from "../model/history.ts";
import { printable } from "../model/printable.ts";
import type { PlainDetail } from "./reconcile.ts";

/** Pairs of a day that are told apart: beyond, new remotes of an application count as one without a name, at every
 * level alike. A scan of a network or a busy tracker would else fill the disk: "by day" is kept for ever. */
export const MAX_PAIRS_A_DAY = 50_000;
/** Beyond, new applications share one row. */
export const MAX_APPLICATIONS = 50_000;
export const OTHER_APPLICATIONS = { key: "other:", name: "further applications" } as const;
/** Remembered; with more the memory starts anew and they are looked up again. */
const MAX_REMEMBERED = 50_000;
/** Longest text; longer ones are cut. */
const TEXT_LIMIT = 256;
/** An application's key may be a path; Linux allows 4,096 bytes, a hostile one gets no more than this. */
const KEY_LIMIT = 1_024;

export interface Dictionary {
  text(value: string): number;
  application(key: string, name: string): number;
  /** `day`: start of the local day, minutes: kept as its last use. */
  pair(detail: PlainDetail, ids: { application: number; interface: number; day: number }): number;
  /** After a rollback: what is remembered may not be there. */
  forget(): void;
}

export interface DictionaryLimits {
  readonly pairsADay: number;
  readonly applications: number;
  readonly processesADay?: number | undefined;
}

const LIMITS: DictionaryLimits = { pairsADay: MAX_PAIRS_A_DAY, applications: MAX_APPLICATIONS };

export function createDictionary(db: DatabaseSync, limits = LIMITS): Dictionary {
  const findText = db.prepare("SELECT id FROM text WHERE value = ?");
  const addText = db.prepare("INSERT INTO text (value) VALUES (?)");
  const findApplication = db.prepare("SELECT id, name FROM application WHERE key = ?");
  const addApplication = db.prepare("INSERT INTO application (key, name) VALUES (?, ?)");
  const rename = db.prepare("UPDATE application SET name = ? WHERE id = ?");
  const findPair = db.prepare(
    `SELECT id, used_minute FROM pair WHERE remote = ? AND application = ? AND interface = ? AND port = ?
     AND ip_protocol = ? AND spoken = ? AND direction = ? AND scope = ? AND user = ? AND container = ? AND country = ?`,
  );
  const addPair = db.prepare(
    `INSERT INTO pair (remote, application, interface, port, ip_protocol, spoken, direction, scope, user, container,
     country, used_minute) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const usePair = db.prepare("UPDATE pair SET used_minute = max(used_minute, ?) WHERE id = ?");
  const countPairs = db.prepare("SELECT count(*) AS n FROM pair WHERE used_minute = ?");
  const countApplications = db.prepare("SELECT count(*) AS n FROM application");
  const texts = new Map<string, number>([["", 0]]);
  const applications = new Map<string, { id: number; name: string }>();
  const pairs = new Map<string, { id: number; day: number }>();
  let used: { day: number; pairs: number } | undefined;
  let applicationCount: number | undefined;

  function usedOn(day: number): { day: number; pairs: number } {
    if (used?.day !== day) used = { day, pairs: Number(countPairs.get(day)?.n) };
    return used;
  }

  function text(value: string): number {
    const known = texts.get(value);
    if (known !== undefined) return known;
    const clean = printable(value, TEXT_LIMIT);
    const id = Number(findText.get(clean)?.id ?? addText.run(clean).lastInsertRowid);
    remember(texts, value, id);
    return id;
  }

  function application(key: string, name: string): number {
    const known = applications.get(key);
    if (known?.name === name) return known.id;
    const cleanKey = printable(key, KEY_LIMIT);
    const cleanName = printable(name, TEXT_LIMIT);
    const found = findApplication.get(cleanKey);
    if (found === undefined && key !== OTHER_APPLICATIONS.key && areApplicationsFull()) {
      return application(OTHER_APPLICATIONS.key, OTHER_APPLICATIONS.name);
    }
    const id = Number(found?.id ?? addApplication.run(cleanKey, cleanName).lastInsertRowid);
    if (found === undefined) applicationCount = (applicationCount ?? 0) + 1;
    else if (found.name !== cleanName) rename.run(cleanName, id);
    remember(applications, key, { id, name });
    return id;
  }

  function areApplicationsFull(): boolean {
    applicationCount ??= Number(countApplications.get()?.n);
    return applicationCount >= limits.applications;
  }

  function pair(
    detail: PlainDetail,
    ids: { application: number; interface: number; day: number },
  ): number {
    const today = usedOn(ids.day);
    const mayAdd = today.pairs < limits.pairsADay || detail.remote === "";
    if (!mayAdd && !texts.has(detail.remote)) {
      if (findText.get(printable(detail.remote, TEXT_LIMIT)) === undefined) return folded();
    }
    const values = [
      text(detail.remote),
      ids.application,
      ids.interface,
      detail.port,
      detail.ipProtocol,
      text(detail.spoken),
      HISTORY_DIRECTIONS.indexOf(detail.direction),
      HISTORY_SCOPES.indexOf(detail.scope),
      text(detail.user),
      text(detail.container),
      text(detail.country),
    ];
    const key = values.join();
    const known = pairs.get(key);
    if (known?.day === ids.day) return known.id;
    const found = findPair.get(...values);
    const isUsedToday = found?.used_minute === ids.day;
    if (!isUsedToday && !mayAdd) return folded();
    const id = Number(found?.id ?? addPair.run(...values, ids.day).lastInsertRowid);
    if (!isUsedToday) today.pairs += 1;
    if (found !== undefined && !isUsedToday) usePair.run(ids.day, id);
    remember(pairs, key, { id, day: ids.day });
    return id;

    function folded(): number {
      return pair({ ...detail, ...UNEXPLAINED }, ids);
    }
  }

  return {
    text,
    application,
    pair,
    forget() {
      texts.clear();
      texts.set("", 0);
      applications.clear();
      pairs.clear();
      used = undefined;
      applicationCount = undefined;
    },
  };
}

function remember<Value>(memory: Map<string, Value>, key: string, value: Value): void {
  if (memory.size >= MAX_REMEMBERED) memory.clear();
  memory.set(key, value);
}
