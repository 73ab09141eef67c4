import { useEffect, useRef } from "react";

import { usePreferences } from "./preferences";

/** How long a first key such as `g` waits for its second. */
const sequence_ms = 1_000;

let lead: { key: string; at: number } | null = null;

/** What was pressed, with the key before it where the two belong together: "g t". */
export function pressed(key: string, now: number): string {
  const isSecond = lead !== null && now - lead.at < sequence_ms;
  const whole = isSecond && lead ? `${lead.key} ${key}` : key;
  lead = key === "g" && !isSecond ? { key, at: now } : null;
  return whole;
}

const listeners = new Map<string, (event: KeyboardEvent) => void>();

function onKeyDown(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(event.target) || isCovered()) return;
  const listener = listeners.get(pressed(event.key, event.timeStamp));
  if (listener === undefined) return;
  event.preventDefault();
  listener(event);
}

/**
 * One printed key, or two after each other ("g t"). Off while typing, while anything is open above
 * the page, and if switched off.
 */
export function useShortcut(keys: string, action: () => void): void {
  const { hasShortcuts } = usePreferences();
  const latest = useRef(action);
  useEffect(() => {
    latest.current = action;
  });

  useEffect(() => {
    if (!hasShortcuts) return;
    const listener = () => latest.current();
    if (listeners.size === 0) document.addEventListener("keydown", onKeyDown);
    listeners.set(keys, listener);
    return () => {
      // Another page may have taken the key over in the meantime.
      if (listeners.get(keys) === listener) listeners.delete(keys);
      if (listeners.size === 0) document.removeEventListener("keydown", onKeyDown);
    };
  }, [keys, hasShortcuts]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null
  );
}

function isCovered(): boolean {
  return (
    document.querySelector("[role=dialog], [role=alertdialog], [role=menu], [role=listbox]") !==
    null
  );
}
