import { useEffect, useRef } from "react";

import { usePreferences } from "./preferences";

/** One printed key. Off while typing, while anything is open above the page, and if switched off. */
export function useShortcut(key: string, action: () => void): void {
  const { hasShortcuts } = usePreferences();
  const latest = useRef(action);
  useEffect(() => {
    latest.current = action;
  });

  useEffect(() => {
    if (!hasShortcuts) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.defaultPrevented || isTyping(event.target) || isCovered()) return;
      event.preventDefault();
      latest.current();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [key, hasShortcuts]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest("input, textarea, select, [contenteditable]") !== null
  );
}

function isCovered(): boolean {
  return (
    document.querySelector("[role=dialog], [role=alertdialog], [role=menu], [role=listbox]") !==
    null
  );
}
