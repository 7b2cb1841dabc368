// Blocking and first, so that a page never flashes in the theme that was not chosen. Without a choice the system's theme rules.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage can be forbidden; the system's theme is a good one.
}
