/** Rates as people write and read them. Inside, rates are bytes per second; network people say bits. */

const BITS: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };
const BIT_UNITS = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"] as const;

/** "5mbit", "800 kbit/s", "1.5MB/s", "300kB", "1Gbps" in bytes per second; undefined where it is no rate. A small b is a
 * bit, a large one a byte; without either it is none, as nobody could tell which was meant. */
export function parseRate(text: string): number | undefined {
  const [, amount = "", prefix = "", unit = ""] =
    /^(\d+(?:\.\d+)?)\s*([kmgtKMGT]?)(bits?|b|B|bytes?)(?:\/s|ps)?$/.exec(text.trim()) ?? [];
  const factor = BITS[prefix.toLowerCase()];
  if (amount === "" || factor === undefined) return undefined;
  const isBytes = unit === "B" || unit.startsWith("byte");
  return (Number(amount) * factor) / (isBytes ? 1 : 8);
}

/** Three significant digits: "0 bit/s", "53.9 Mbit/s". */
export function formatBitRate(bytesPerSecond: number): string {
  let value = Math.abs(bytesPerSecond) * 8;
  let unit = 0;
  // 999.5 would be shown as "1000": the next unit takes over where rounding would.
  while (value >= 999.5 && unit < BIT_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${bytesPerSecond < 0 ? "-" : ""}${value.toFixed(digits)} ${BIT_UNITS[unit]}`;
}
