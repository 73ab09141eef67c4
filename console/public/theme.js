// Runs before the first paint, so that neither the colours nor the language flash. A classic
// script of its own because the content security policy allows no inline one.
(function () {
  "use strict";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function stored(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // Storage may be forbidden; the system's choice then holds.
    }
  }

  function apply() {
    const choice = stored("anc-theme");
    const isDark = choice === "dark" || (choice !== "light" && dark.matches);
    root.dataset.theme = isDark ? "dark" : "light";
  }

  apply();
  dark.addEventListener("change", apply);
  document.addEventListener("anc-theme-change", apply);

  const language = stored("anc-language") || navigator.language || "en";
  root.lang = language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
})();
