import { useShortcut } from "./use-shortcut";

const rowLinks = () => [...document.querySelectorAll<HTMLElement>("[data-row-link]")];

function rowInFocus(): string | undefined {
  const row = document.activeElement?.closest<HTMLElement>("[data-row]");
  return row?.dataset["row"];
}

function step(by: 1 | -1): void {
  const links = rowLinks();
  const row = document.activeElement?.closest("[data-row]");
  const at = links.findIndex((link) => row?.contains(link));
  const next = at < 0 ? (by === 1 ? 0 : links.length - 1) : at + by;
  links[Math.min(links.length - 1, Math.max(0, next))]?.focus();
}

interface RowKeys {
  onSelect: (id: string) => void;
  onEdit: (id: string) => void;
}

/**
 * `j` and `k` walk through the rows by moving the focus itself, so Enter opens the row and those
 * who listen hear where they are.
 */
export function useRowWalk(): void {
  useShortcut("j", () => step(1));
  useShortcut("k", () => step(-1));
}

/** The same, and `x` and `e` act on the row that holds the focus. */
export function useRowKeys({ onSelect, onEdit }: RowKeys): void {
  const withRow = (act: (id: string) => void) => () => {
    const id = rowInFocus();
    if (id !== undefined) act(id);
  };
  useRowWalk();
  useShortcut("x", withRow(onSelect));
  useShortcut("e", withRow(onEdit));
}
