import { useCallback, useMemo, useState } from "react";

export interface Selection {
  /** The chosen ids that are in sight, in their order there. */
  ids: string[];
  has: (id: string) => boolean;
  toggle: (id: string) => void;
  /** Chooses every row in sight, or none if all of them were. */
  toggleAll: () => void;
  clear: () => void;
  /** Of the rows in sight: none, some or all. */
  extent: "none" | "some" | "all";
}

/** What of a list is chosen. What is out of sight is never acted on. */
export function useSelection(inSight: readonly string[]): Selection {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const ids = useMemo(() => inSight.filter((id) => chosen.has(id)), [inSight, chosen]);
  const extent = ids.length === 0 ? "none" : ids.length === inSight.length ? "all" : "some";
  const toggle = useCallback(
    (id: string) =>
      setChosen((before) => {
        const next = new Set(before);
        if (!next.delete(id)) next.add(id);
        return next;
      }),
    [],
  );
  const clear = useCallback(() => setChosen(new Set()), []);
  return {
    ids,
    extent,
    has: (id) => chosen.has(id),
    toggle,
    toggleAll: () => setChosen(new Set(extent === "all" ? [] : inSight)),
    clear,
  };
}
