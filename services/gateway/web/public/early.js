// What cannot wait for the page's own script. A file, because the page allows no inline script.
let stranger = false;
try {
  // A chosen theme must never flash.
  const theme = localStorage.getItem("promptgram.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  stranger = localStorage.getItem("promptgram.signed_in") === null;
} catch {
  // Storage can be forbidden: the system's theme applies, and who is here shows later.
}
if (stranger && location.pathname === "/") {
  // The first pictures are asked for while the script is still coming, exactly as the feed will ask.
  const link = document.createElement("link");
  link.rel = "preload";
  link.as = "fetch";
  link.crossOrigin = "anonymous";
  link.href = "/v1/feed?mode=explore&limit=24";
  document.head.append(link);
}
