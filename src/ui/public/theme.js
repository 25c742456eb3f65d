// Before the first paint, so that a chosen theme does not flash in after the system's. A file of its own: the page
// runs no inline scripts.
try {
  const theme = localStorage.getItem("monitauri.theme");
  if (theme === '"light"' || theme === '"dark"') {
    document.documentElement.dataset.theme = JSON.parse(theme);
  }
} catch {
  // No storage: the system's theme it is.
}
