/** How far an export is, by the times of its rows (pure). */

import type { Period } from "../../../model/history.ts";

/** Rows begin with their time, in CSV as in JSON lines. */
const TIME = /^(?:\{"from":")?(\d{4}-\d\d-\d\dT[\d:.]+Z)/;

/** 0..1; undefined where the piece does not say. A piece ends with a whole line. */
export function progressIn(piece: string, { fromMs, toMs }: Period): number | undefined {
  const start = piece.lastIndexOf("\n", piece.length - 2) + 1;
  const [, text = ""] = TIME.exec(piece.slice(start, start + 60)) ?? [];
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) return undefined;
  return Math.min(1, Math.max(0, (atMs - fromMs) / Math.max(1, toMs - fromMs)));
}
