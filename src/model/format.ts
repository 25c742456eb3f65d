/** Quantities as people read them: the command line and the page show the same. */

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB"] as const;
const DURATION_UNITS_MS = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Decimal units, three significant digits: "0 B", "999 B", "1.20 GB". */
export function formatBytes(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  // 999.5 would be shown as "1000": the next unit takes over where rounding would.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${bytes < 0 ? "-" : ""}${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** "100GB", "1.5 TB", "500 MB": decimal, as providers count; undefined where it is none. */
export function parseBytes(text: string): number | undefined {
  const [, amount = "", prefix = ""] = /^(\d+(?:\.\d+)?)\s*([kmgtpe]?)b$/i.exec(text.trim()) ?? [];
  if (amount === "") return undefined;
  return Math.round(
    Number(amount) * 1000 ** (prefix === "" ? 0 : 1 + "kmgtpe".indexOf(prefix.toLowerCase())),
  );
}

/** "1.20 MB/s" */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** The two largest units that matter: "350 ms", "1.5 s", "12 s", "3 min", "2 h 5 min", "3 d 4 h". */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${Number((ms / 1000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24
    ? twoUnits(hours, "h", minutes % 60, "min")
    : twoUnits(Math.floor(hours / 24), "d", hours % 24, "h");
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** "500ms", "1s", "1.5 s", "2min" in milliseconds; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)$/.exec(text.trim()) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Number(amount) * DURATION_UNITS_MS[unit as keyof typeof DURATION_UNITS_MS];
}

/** A share 0..1 as "98.7 %"; cut, not rounded, so that 100 % is only said of all. */
export function formatShare(share: number): string {
  // The small addend keeps 0.57 * 1000 = 569.9999999999999 from losing a digit.
  return `${(Math.floor(share * 1000 + 1e-9) / 10).toFixed(1)} %`;
}
