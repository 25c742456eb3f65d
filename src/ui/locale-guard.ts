/** Runs before uPlot is loaded, which formats numbers in the browser's language while it loads: WebKit reports "C"
 * where LANG is C.UTF-8, and that is a RangeError. */

try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US", configurable: true });
}
