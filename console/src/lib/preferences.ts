import { useSyncExternalStore } from "react";

/** The reader's own choices, kept in this browser. */
export type Theme = "system" | "light" | "dark";

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

interface State {
  theme: Theme;
  hasShortcuts: boolean;
}

function initial(): State {
  const theme = stored("anc-theme");
  return {
    theme: theme === "light" || theme === "dark" ? theme : "system",
    hasShortcuts: stored("anc-shortcuts") !== "off",
  };
}

let state = initial();
const listeners = new Set<() => void>();

function change(next: Partial<State>): void {
  state = { ...state, ...next };
  for (const listener of listeners) listener();
}

export function setTheme(theme: Theme): void {
  store("anc-theme", theme);
  change({ theme });
  // public/theme.js owns the attribute on the document and follows the system.
  document.dispatchEvent(new Event("anc-theme-change"));
}

export function setShortcuts(hasShortcuts: boolean): void {
  store("anc-shortcuts", hasShortcuts ? "on" : "off");
  change({ hasShortcuts });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePreferences(): State {
  return useSyncExternalStore(subscribe, () => state);
}
