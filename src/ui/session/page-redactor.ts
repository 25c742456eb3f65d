/** What hides names on the page, where that is switched on: the same ones for as long as the tab is open. */

import { createRedactor, type Redactor, type RedactorState } from "../../model/redact.ts";
import { namesHidden } from "../store/settings.ts";

const KEY = "monitauri.redactor";

/** undefined: names are shown. Which it is changes only with a fresh page, so that nothing of before is left on it. */
export function pageRedactor(): Redactor | undefined {
  namesHidden.subscribe(() => location.replace("/"));
  if (!namesHidden.get()) return undefined;
  const redactor = createRedactor(kept());
  addEventListener("pagehide", () => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(redactor.state()));
    } catch {
      // Without storage other names come after the next load.
    }
  });
  return redactor;
}

function kept(): RedactorState {
  try {
    const state: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(state) ? (state as RedactorState) : [];
  } catch {
    return [];
  }
}
