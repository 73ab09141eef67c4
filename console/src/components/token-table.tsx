import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { Token } from "@/api/types";
import { cx } from "@/lib/cx";
import type { TokenSort } from "@/lib/tokens-search";

import {
  CreatedCell,
  ExpirationCell,
  LastUsedCell,
  NameCell,
  RemainingCell,
  StatusCell,
  UsedCell,
} from "./token-cells";
import { TokenMenu } from "./token-menu";

export interface TokenActions {
  onSwitch: (token: Token, isOn: boolean) => void;
  onEdit: (token: Token) => void;
  onDelete: (token: Token) => void;
}

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

const columns: readonly Column[] = [
  { id: "name", width: "w-auto", sorts: ["name", "-name"] },
  { id: "status", width: "w-[156px]", sorts: [] },
  { id: "usedQuota", width: "w-[120px]", sorts: ["-used_quota", "used_quota"] },
  { id: "remainingQuota", width: "w-[168px]", sorts: [] },
  { id: "lastUsed", width: "w-[128px]", sorts: [], isWideOnly: true },
  { id: "createdTime", width: "w-[136px]", sorts: ["-created_at", "created_at"] },
  { id: "expirationTime", width: "w-[128px]", sorts: ["expires_at"] },
];

const hiddenUnlessWide = "hidden wide:table-cell";
const head =
  "h-9 whitespace-nowrap border-b border-line-strong px-3 text-left text-head font-medium text-muted first:pl-4";
const cell = "h-14 border-b border-line px-3 py-1.5 first:pl-4";
// Stays in sight when the table is scrolled sideways.
const pinned = "sticky right-0 bg-surface";

interface TokenTableProps extends TokenActions {
  tokens: Token[];
  sort: TokenSort;
  onSort: (sort: TokenSort) => void;
}

export function TokenTable({ tokens, sort, onSort, onSwitch, onEdit, onDelete }: TokenTableProps) {
  return (
    <Frame sort={sort} onSort={onSort}>
      {tokens.map((token) => (
        <tr key={token.id} className="group/row transition-colors hover:bg-sunken/60">
          <th scope="row" className={cx(cell, "text-left font-normal")}>
            <NameCell token={token} onEdit={() => onEdit(token)} />
          </th>
          <td className={cell}>
            <StatusCell token={token} onSwitch={(isOn) => onSwitch(token, isOn)} />
          </td>
          <td className={cell}>
            <UsedCell token={token} />
          </td>
          <td className={cell}>
            <RemainingCell token={token} />
          </td>
          <td className={cx(cell, hiddenUnlessWide)}>
            <LastUsedCell token={token} />
          </td>
          <td className={cell}>
            <CreatedCell token={token} />
          </td>
          <td className={cell}>
            <ExpirationCell token={token} />
          </td>
          <td className={cx(cell, pinned, "px-2")}>
            <TokenMenu
              token={token}
              onEdit={() => onEdit(token)}
              onDelete={() => onDelete(token)}
            />
          </td>
        </tr>
      ))}
    </Frame>
  );
}

const skeleton_rows = 4;

/** Rows of the real height, in the real columns: nothing moves when the tokens come. */
export function TokenTableSkeleton({ sort }: { sort: TokenSort }) {
  return (
    <Frame sort={sort}>
      {Array.from({ length: skeleton_rows }, (_, row) => (
        <tr key={row}>
          {columns.map((column) => (
            <td key={column.id} className={cx(cell, column.isWideOnly && hiddenUnlessWide)}>
              <span className="skeleton block h-3.5 w-2/3" />
            </td>
          ))}
          <td className={cx(cell, pinned)} />
        </tr>
      ))}
    </Frame>
  );
}

interface FrameProps {
  sort: TokenSort;
  onSort?: (sort: TokenSort) => void;
  children: React.ReactNode;
}

function Frame({ sort, onSort, children }: FrameProps) {
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
        className="w-full min-w-[900px] table-fixed border-separate border-spacing-0 [&_tbody_tr:last-child>*]:border-b-0"
      >
        <thead>
          <tr>
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

function HeadCell({
  column,
  sort,
  onSort,
}: {
  column: Column;
  sort: TokenSort;
  onSort?: (sort: TokenSort) => void;
}) {
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
