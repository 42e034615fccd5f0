// Runs before the first paint, so that a chosen theme never flashes. A file, because the page allows no inline script.
try {
  const theme = localStorage.getItem("promptgram.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage can be forbidden; the system's theme applies then.
}
