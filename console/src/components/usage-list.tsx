import { useTranslation } from "react-i18next";

import type { UsageRow } from "@/api/types";
import { cx } from "@/lib/cx";
import { exactMoney, formatMoney } from "@/lib/money";
import { formatExact, formatRelative } from "@/lib/time";
import { cachedUnits, inputUnits, outputUnits } from "@/lib/units";
import { useHasTable } from "@/lib/use-media";

import { UsageCards } from "./usage-cards";
import { EndWord, useSeconds } from "./usage-words";

export interface UsageListProps {
  rows: UsageRow[];
  /** Leaves out what is the same in every row. */
  isOfOneToken?: boolean;
  /** Says whose each is. */
  hasAccounts?: boolean;
  onOpen: (row: UsageRow) => void;
}

/** Finished requests, newest first: a table, and on a phone the same rows as cards. */
export function UsageList(props: UsageListProps) {
  return useHasTable() ? <UsageTable {...props} /> : <UsageCards {...props} />;
}

const cell = "border-b border-line px-3 py-2 align-top first:pl-4 last:pr-4";
const head =
  "h-9 border-b border-line-strong px-3 text-left text-head font-medium whitespace-nowrap text-muted first:pl-4 last:pr-4";

// Left out where it would push the charge out of sight; the opened call has it.
const roomy = "hidden menu:table-cell";

function UsageTable({ rows, isOfOneToken = false, hasAccounts = false, onOpen }: UsageListProps) {
  const { t } = useTranslation();
  return (
    <div
      role="region"
      tabIndex={0}
      aria-label={t("usage.table")}
      className="overflow-x-auto rounded-panel border border-line-strong bg-surface"
    >
      <table className="tabular w-full border-separate border-spacing-0 [&_tbody_tr:last-child>*]:border-b-0">
        <thead>
          <tr>
            <th scope="col" className={head}>
              {t("usage.time")}
            </th>
            {!isOfOneToken && (
              <th scope="col" className={head}>
                {t(hasAccounts ? "logs.accountAndToken" : "usage.token")}
              </th>
            )}
            <th scope="col" className={head}>
              {t("usage.model")}
            </th>
            <th scope="col" className={cx(head, roomy, "text-right")}>
              {t("usage.units")}
            </th>
            <th scope="col" className={cx(head, "text-right")}>
              {t("usage.charge")}
            </th>
            <th scope="col" className={cx(head, roomy, "text-right")}>
              {t("usage.duration")}
            </th>
            <th scope="col" className={head}>
              {t("usage.ended")}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={row.request_id}
              row={row}
              isOfOneToken={isOfOneToken}
              hasAccounts={hasAccounts}
              onOpen={onOpen}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps extends Pick<UsageListProps, "isOfOneToken" | "hasAccounts" | "onOpen"> {
  row: UsageRow;
}

function Row({ row, isOfOneToken, hasAccounts, onOpen }: RowProps) {
  const { t, i18n } = useTranslation();
  const seconds = useSeconds();
  const number = new Intl.NumberFormat(i18n.language);
  const cached = cachedUnits(row);
  return (
    <tr
      data-call={row.request_id}
      data-row={row.request_id}
      // The button in the first cell does the same for keyboards.
      onClick={() => onOpen(row)}
      className="cursor-pointer transition-colors focus-within:bg-sunken hover:bg-sunken"
    >
      <td className={cell}>
        <button
          type="button"
          data-row-link
          title={formatExact(row.ended_at, i18n.language)}
          className="rounded-[4px] text-left font-medium whitespace-nowrap"
        >
          {formatRelative(row.ended_at, i18n.language)}
        </button>
      </td>
      {!isOfOneToken && (
        <td
          className={cx(cell, "max-w-40 truncate wide:max-w-52")}
          title={row.token_name ?? row.token_id}
        >
          {hasAccounts && (
            <span className="block truncate" title={row.account_name ?? row.account_id}>
              {row.account_name ?? row.account_id}
            </span>
          )}
          <span className={cx("block truncate", hasAccounts && "text-meta text-muted")}>
            {row.token_name ?? row.token_id}
          </span>
        </td>
      )}
      <td className={cx(cell, "max-w-40 menu:max-w-52 wide:max-w-56")}>
        <span className="flex items-baseline gap-2">
          <span className="truncate font-mono text-meta leading-5" title={row.model}>
            {row.model}
          </span>
          {row.stream && (
            <span className="hidden text-meta text-muted menu:inline">{t("usage.streamed")}</span>
          )}
        </span>
      </td>
      <td className={cx(cell, roomy, "text-right whitespace-nowrap")}>
        {t("usage.inOut", {
          input: number.format(inputUnits(row)),
          output: number.format(outputUnits(row)),
        })}
        {cached > 0 && <Below>{t("usage.cached", { units: number.format(cached) })}</Below>}
      </td>
      <td className={cx(cell, "text-right")} title={exactMoney(row.charge)}>
        {formatMoney(row.charge)}
      </td>
      <td className={cx(cell, roomy, "text-right whitespace-nowrap")}>
        {row.stream && (
          <span className="text-meta text-muted" title={t("usage.firstContent")}>
            {seconds(row.first_token_ms)} /{" "}
          </span>
        )}
        {seconds(row.total_ms)}
      </td>
      <td className={cell}>
        <EndWord row={row} />
      </td>
    </tr>
  );
}

function Below({ children }: { children: React.ReactNode }) {
  return <span className="block text-meta text-muted">{children}</span>;
}
