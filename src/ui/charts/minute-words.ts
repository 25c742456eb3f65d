/** What stands under the time axis of the last minutes (pure). */

import { clockText } from "../look/quantity.ts";
import type { Span, TimeWord } from "./mirror-picture.ts";
import { timeLines } from "./scale.ts";

/** Both ends say what they are; clock times that would touch them stay away. */
export function minuteWords({ fromMs, toMs }: Span, width: number): TimeWord[] {
  const minutes = Math.round((toMs - fromMs) / 60_000);
  const perMs = width / Math.max(1, toMs - fromMs);
  const hasRoom = (atMs: number) =>
    (atMs - fromMs) * perMs >= START_ROOM && (toMs - atMs) * perMs >= END_ROOM;
  return [
    { atMs: fromMs, text: `−${minutes} min`, align: "left" },
    { atMs: toMs, text: clockText(toMs, true), align: "right" },
    ...timeLines(fromMs, toMs)
      .filter(hasRoom)
      .map((atMs): TimeWord => ({ atMs, text: clockText(atMs, minutes <= 1), align: "center" })),
  ];
}

/** CSS pixels. */
const START_ROOM = 62;
const END_ROOM = 84;
