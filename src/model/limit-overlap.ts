/** Whether two schedules ever hold at the same time (pure). */

import { type ScheduleWindow, WEEKDAYS } from "./limit.ts";

const DAY = 1_440;
const WEEK = 7 * DAY;

/** null: always. */
export function schedulesOverlap(
  a: readonly ScheduleWindow[] | null,
  b: readonly ScheduleWindow[] | null,
): boolean {
  if (a === null || b === null) return true;
  const ours = spans(a);
  return spans(b).some(([from, to]) => ours.some(([start, end]) => from < end && start < to));
}

/** As minutes of the week; what goes over its end begins it again. */
function spans(schedule: readonly ScheduleWindow[]): [number, number][] {
  return schedule.flatMap(({ days, from, to }) =>
    days.flatMap((day): [number, number][] => {
      const midnight = WEEKDAYS.indexOf(day) * DAY;
      const begin = midnight + minuteOf(from);
      const end = midnight + minuteOf(to) + (minuteOf(to) <= minuteOf(from) ? DAY : 0);
      if (end <= WEEK) return [[begin, end]];
      return [
        [begin, WEEK],
        [0, end - WEEK],
      ];
    }),
  );
}

function minuteOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * 60 + minutes;
}
