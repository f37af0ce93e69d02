// A classic script in the head: the chosen theme must stand before the first paint.
// Without a choice the page follows the system, by CSS alone.
(() => {
  const KEY = "faceverify-theme";
  const root = document.documentElement;

  /** @returns {string | null} "light", "dark", or null where nothing was chosen or storage is closed */
  function stored() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  /** @param {string} theme */
  function choose(theme) {
    root.dataset.theme = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Storage is closed: the choice holds for this page.
    }
  }

  const chosen = stored();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-toggle]");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      const dark = root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
      choose(dark === "dark" ? "light" : "dark");
    });
  });
})();
