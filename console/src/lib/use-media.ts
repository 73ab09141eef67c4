import { useCallback, useSyncExternalStore } from "react";

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const media = window.matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches);
}

/** Where a table has room; below, the same facts stand in cards. */
export function useHasTable(): boolean {
  return useMedia("(min-width: 720px)");
}

/** Where the whole menu has room, and a page a column at its side. */
export function useHasMenu(): boolean {
  return useMedia("(min-width: 1025px)");
}
