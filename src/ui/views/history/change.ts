/** How much more or less than before (pure). */

/** "+12 %", "−3 %", "×40", "new", "±0 %". */
export function changeText(now: number, before: number): string {
  if (before === 0) return now === 0 ? "–" : "new";
  const share = now / before - 1;
  if (share >= 9.995) return `×${Math.round(now / before)}`;
  const percent = Math.round(share * 100);
  if (percent === 0) return "±0 %";
  return `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`;
}
