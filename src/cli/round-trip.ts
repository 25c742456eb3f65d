/** Round-trip times as people read them. */

import { formatDuration } from "../model/format.ts";

/** "0.3 ms", "12 ms", "1.5 s"; "-" where it is not known. */
export function roundTrip(ms: number | undefined): string {
  if (ms === undefined) return "-";
  return ms < 9.95 ? `${ms.toFixed(1)} ms` : formatDuration(ms);
}
