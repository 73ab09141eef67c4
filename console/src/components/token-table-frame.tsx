import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import { useTranslation } from "react-i18next";

import { cx } from "@/lib/cx";
import type { TokenSort } from "@/lib/tokens-search";
import type { Selection } from "@/lib/use-selection";
import { Checkbox } from "@/ui/checkbox";

interface Column {
  id:
    | "name"
    | "status"
    | "usedQuota"
    | "remainingQuota"
    | "lastUsed"
    | "createdTime"
    | "expirationTime";
  width: string;
  /** The orders that the server knows, in the sequence in which presses walk through them. */
  sorts: readonly TokenSort[];
  isWideOnly?: boolean;
}

export const columns: readonly Column[] = [
  { id: "name", width: "w-auto", sorts: ["name", "-name"] },
  { id: "status", width: "w-[156px]", sorts: [] },
  { id: "usedQuota", width: "w-[116px]", sorts: ["-used_quota", "used_quota"] },
  { id: "remainingQuota", width: "w-[160px]", sorts: [] },
  { id: "lastUsed", width: "w-[124px]", sorts: [], isWideOnly: true },
  { id: "createdTime", width: "w-[140px]", sorts: ["-created_at", "created_at"] },
  { id: "expirationTime", width: "w-[126px]", sorts: ["expires_at"] },
];

export const hiddenUnlessWide = "hidden wide:table-cell";
const head =
  "h-9 whitespace-nowrap border-b border-line-strong px-3 text-left text-head font-medium text-muted";
export const cell = "h-14 border-b border-line px-3 py-1.5";
export const chooseCell = "w-10 pr-0! pl-2!";
// Stays in sight when the table is scrolled sideways, so it needs the row's own ground.
export const pinned = "sticky right-0 bg-inherit";

interface FrameProps {
  sort: TokenSort;
  onSort?: (sort: TokenSort) => void;
  selection?: Selection;
  children: React.ReactNode;
}

export function TokenTableFrame({ sort, onSort, selection, children }: FrameProps) {
  const { t } = useTranslation();
  return (
    <div
      role="region"
      tabIndex={0}
      aria-label={t("tokens.table")}
      className="overflow-x-auto rounded-panel border border-line-strong bg-surface"
    >
      <table
        aria-label={t("tokens.table")}
        className="w-full min-w-[940px] table-fixed border-separate border-spacing-0 [&_tbody_tr:last-child>*]:border-b-0"
      >
        <thead>
          <tr className="bg-surface">
            <th scope="col" className={cx(head, chooseCell)}>
              {selection && (
                <Checkbox
                  isChecked={selection.extent === "all"}
                  isPartly={selection.extent === "some"}
                  onChange={selection.toggleAll}
                  label={t("tokens.selectAll")}
                />
              )}
            </th>
            {columns.map((column) => (
              <HeadCell key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
            <th scope="col" className={cx(head, pinned, "w-12")}>
              <span className="sr-only">{t("tokens.columns.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

interface HeadCellProps {
  column: Column;
  sort: TokenSort;
  onSort?: ((sort: TokenSort) => void) | undefined;
}

function HeadCell({ column, sort, onSort }: HeadCellProps) {
  const { t } = useTranslation();
  const label = t(`tokens.columns.${column.id}`);
  const look = cx(head, column.width, column.isWideOnly && hiddenUnlessWide);
  if (column.sorts.length === 0) {
    return (
      <th scope="col" className={look}>
        {label}
      </th>
    );
  }
  const at = column.sorts.indexOf(sort);
  const isActive = at >= 0;
  const isDown = sort.startsWith("-");
  const Icon = !isActive ? ChevronsUpDown : isDown ? ArrowDown : ArrowUp;
  const next = column.sorts[(at + 1) % column.sorts.length];
  return (
    <th
      scope="col"
      aria-sort={isActive ? (isDown ? "descending" : "ascending") : undefined}
      className={look}
    >
      <button
        type="button"
        onClick={() => next && onSort?.(next)}
        className={cx(
          "group/sort -mx-1 inline-flex h-6 items-center gap-1 rounded-[4px] px-1 transition-colors hover:text-ink",
          isActive && "text-ink",
        )}
      >
        {label}
        <Icon
          size={13}
          strokeWidth={1.75}
          aria-hidden
          className={
            isActive
              ? undefined
              : "opacity-0 group-hover/sort:opacity-100 group-focus-visible/sort:opacity-100"
          }
        />
      </button>
    </th>
  );
}
