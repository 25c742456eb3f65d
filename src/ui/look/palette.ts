/** The colours of the style sheet, for canvases. */

import { theme } from "../store/settings.ts";

export interface Palette {
  readonly down: string;
  readonly downArea: string;
  readonly up: string;
  readonly upArea: string;
  readonly card: string;
  readonly ink: string;
  readonly faint: string;
  readonly line: string;
  readonly axis: string;
  readonly font: string;
}

let known: Palette | undefined;
const listeners = new Set<() => void>();
const dark = matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", forget);
theme.subscribe(forget);

export function palette(): Palette {
  if (known !== undefined) return known;
  const style = getComputedStyle(document.documentElement);
  const value = (name: string) => style.getPropertyValue(name).trim();
  known = {
    down: value("--d"),
    downArea: value("--d-a"),
    up: value("--u"),
    upArea: value("--u-a"),
    card: value("--card"),
    ink: value("--ink"),
    faint: value("--ink2"),
    line: value("--line"),
    axis: value("--line2"),
    font: `11px ${style.fontFamily}`,
  };
  return known;
}

/** Told when light became dark or back. */
export function onPaletteChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function forget(): void {
  known = undefined;
  for (const listener of listeners) listener();
}
