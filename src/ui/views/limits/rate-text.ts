/** Rates as they are typed and as they come back into a field (pure). */

import { MAX_LIMIT_BYTES_PER_SECOND, MIN_LIMIT_BYTES_PER_SECOND } from "../../../model/limit.ts";
import { formatBitRate, parseRate } from "../../../model/rate.ts";

/** null: no cap; undefined: no rate that can be. */
export function rateIn(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const rate = parseRate(text);
  if (rate === undefined) return undefined;
  return rate >= MIN_LIMIT_BYTES_PER_SECOND && rate <= MAX_LIMIT_BYTES_PER_SECOND
    ? rate
    : undefined;
}

/** Exact: what is shown must come back as the same rate. "" for none. */
export function rateAsText(rate: number | null | undefined): string {
  if (rate === null || rate === undefined) return "";
  const short = withoutZeros(formatBitRate(rate));
  return rateIn(short) === rate ? short : `${rate * 8} bit/s`;
}

/** "5 Mbit/s" of "5.00 Mbit/s". */
export function withoutZeros(text: string): string {
  return text.replace(/\.0+ /, " ").replace(/(\.\d*?)0+ /, "$1 ");
}
