/** What this browser prefers, kept in its storage. */

import { createStore, type Store } from "./create-store.ts";
import { isScope, type Scope } from "./scope.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
export const UNITS = ["bits", "bytes"] as const;
export type Units = (typeof UNITS)[number];
/** Minutes that the charts show. */
export const SPANS = [1, 5, 15] as const;
export type Span = (typeof SPANS)[number];

export const theme = kept<Theme>("theme", "system", oneOf(THEMES));
export const units = kept<Units>("units", "bits", oneOf(UNITS));
export const span = kept<Span>("span", 5, oneOf(SPANS));
/** Day of the month on which the billing cycle begins. */
export const cycleDay = kept<number>("cycleDay", 1, isDay);
/** Other names for hosts, addresses, people and containers: for pictures that others see. */
export const namesHidden = kept<boolean>("namesHidden", false, oneOf([true, false]));
export const scope = kept<Scope>("scope", "all", isScope);
/** Show alerts as notifications of this browser. */
export const notifies = kept<boolean>("notifies", false, oneOf([true, false]));

theme.subscribe(() => {
  const chosen = theme.get();
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
});

function isDay(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 31;
}

function oneOf<T>(values: readonly T[]): (value: unknown) => value is T {
  return (value): value is T => values.some((one) => one === value);
}

function kept<T>(name: string, otherwise: T, fits: (value: unknown) => value is T): Store<T> {
  const key = `monitauri.${name}`;
  const store = createStore(read(key, otherwise, fits));
  store.subscribe(() => {
    try {
      localStorage.setItem(key, JSON.stringify(store.get()));
    } catch {
      // Without storage a choice lives as long as the page.
    }
  });
  return store;
}

function read<T>(key: string, otherwise: T, fits: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    return fits(value) ? value : otherwise;
  } catch {
    return otherwise;
  }
}
