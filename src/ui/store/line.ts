/** What the line to the internet carries, as this browser's user says it. */

import { createStore } from "./create-store.ts";

export interface Line {
  /** "100 Mbit/s"; "": not said. */
  readonly down: string;
  readonly up: string;
}

const KEY = "monitauri.line";
const UNSAID: Line = { down: "", up: "" };

export const line = createStore<Line>(read());

line.subscribe(() => {
  try {
    localStorage.setItem(KEY, JSON.stringify(line.get()));
  } catch {
    // Without storage it lives as long as the page.
  }
});

function read(): Line {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (typeof value !== "object" || value === null) return UNSAID;
    const { down, up } = value as { down?: unknown; up?: unknown };
    return typeof down === "string" && typeof up === "string" ? { down, up } : UNSAID;
  } catch {
    return UNSAID;
  }
}
