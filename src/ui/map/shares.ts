/** How strongly a country stands out on the map (pure). */

export interface CountryBytes {
  /** ISO 3166-1 alpha-2. */
  readonly code: string;
  readonly bytes: number;
}

/** From which share on a step begins, and what the legend says; the weakest first. */
export const STEPS = [
  { from: 0, text: "less than 1 %" },
  { from: 0.01, text: "from 1 %" },
  { from: 0.05, text: "from 5 %" },
  { from: 0.2, text: "from 20 %" },
  { from: 0.5, text: "half and more" },
] as const;

/** Shares are of all bytes, also of those that are in no country; one without bytes is not in the answer. */
export function stepsOf(countries: readonly CountryBytes[], allBytes: number): Map<string, number> {
  const steps = new Map<string, number>();
  for (const { code, bytes } of countries) {
    if (bytes <= 0) continue;
    const share = bytes / Math.max(bytes, allBytes);
    steps.set(
      code,
      STEPS.findLastIndex(({ from }) => share >= from),
    );
  }
  return steps;
}

/** True for a code of a country, false for what has none: ":private". */
export function isCountry(key: string): boolean {
  return /^[A-Z]{2}$/.test(key);
}
