/** Keys that work everywhere: "/" filters, arrows move, "g" and a letter goes to a view, "?" lists them. */

import { navigate } from "../router/router.tsx";
import { togglePause } from "../store/live.ts";
import { openKeysDialog } from "./keys-dialog.tsx";
import { asText } from "./text-table.ts";

/** After "g" the letter must come within this time. */
const LETTER_MS = 1_500;
/** A view whose code has not come in this time gets no focus when it comes. */
const VIEW_COMES_MS = 3_000;
const FILTER = "input[type=search]";
const COMING = "[data-coming]";
const VIEWS: Readonly<Record<string, string>> = {
  o: "/",
  a: "/applications",
  c: "/connections",
  h: "/history",
  l: "/limits",
  t: "/alerts",
  e: "/health",
};

export function watchKeyboard(): void {
  let goneAtMs = Number.NEGATIVE_INFINITY;
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]") !== null) return;
    const { key } = event;
    if (isTyping(event.target)) return leaveInput(event);
    if (performance.now() - goneAtMs < LETTER_MS && VIEWS[key] !== undefined) {
      goneAtMs = Number.NEGATIVE_INFINITY;
      return act(event, () => navigate(VIEWS[key] ?? "/"));
    }
    goneAtMs = key === "g" ? event.timeStamp : Number.NEGATIVE_INFINITY;
    if (key === "/") act(event, focusFilter);
    if (key === "?") act(event, openKeysDialog);
    if (key === "p") act(event, togglePause);
    if (key === "c") copyRow();
    if (key === "l") act(event, limitCurrent);
    if (key === "ArrowDown") moveRow(event, 1);
    if (key === "ArrowUp") moveRow(event, -1);
  });
}

function act(event: Event, action: () => void): void {
  event.preventDefault();
  action();
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, select, textarea") !== null;
}

function leaveInput(event: KeyboardEvent): void {
  if (!(event.target instanceof HTMLInputElement)) return;
  if (event.key === "Escape") event.target.blur();
  if (event.key === "ArrowDown") moveRow(event, 1);
}

function focusFilter(): void {
  const box = document.querySelector<HTMLInputElement>(FILTER);
  if (box !== null) return box.select();
  let isThere = false;
  const go = () => {
    // A view on its way may have a filter of its own.
    if (isThere || document.querySelector(COMING) !== null) return;
    isThere = true;
    navigate("/applications");
  };
  const stop = () => {
    observer.disconnect();
    clearTimeout(timer);
  };
  const observer = new MutationObserver(() => {
    const found = document.querySelector<HTMLInputElement>(FILTER);
    if (found === null) return go();
    found.focus();
    stop();
  });
  const timer = setTimeout(stop, VIEW_COMES_MS);
  observer.observe(document.body, { childList: true, subtree: true });
  go();
}

function currentRow(): HTMLTableRowElement | null {
  return document.activeElement?.closest<HTMLTableRowElement>("tr[data-row]") ?? null;
}

function moveRow(event: KeyboardEvent, by: 1 | -1): void {
  const row = currentRow();
  const rows = [...document.querySelectorAll<HTMLTableRowElement>("tr[data-row]")];
  const next = row === null ? rows[0] : rows[rows.indexOf(row) + by];
  const link = next?.querySelector<HTMLElement>("a");
  if (next === undefined || link === null || link === undefined) return;
  event.preventDefault();
  link.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

/** The application of the row, or of the page; else all limits. */
function limitCurrent(): void {
  const button =
    currentRow()?.querySelector<HTMLElement>("[data-limit]") ??
    document.querySelector<HTMLElement>(".head [data-limit]");
  if (button === null) navigate("/limits");
  else button.click();
}

function copyRow(): void {
  const row = currentRow();
  if (row === null) return;
  const cells = [...row.cells].map(({ innerText }) => innerText.replace(/\s+/g, " ").trim());
  navigator.clipboard.writeText(asText([cells])).catch(() => undefined);
}
