import { useTranslation } from "react-i18next";

import { exactMoney, formatMoney } from "@/lib/money";
import { formatExact, formatRelative } from "@/lib/time";
import { inputUnits, outputUnits } from "@/lib/units";

import type { UsageListProps } from "./usage-list";
import { EndWord, useSeconds } from "./usage-words";

/** One request below the other, for a phone: each opens as a whole. */
export function UsageCards({
  rows,
  isOfOneToken = false,
  hasAccounts = false,
  onOpen,
}: UsageListProps) {
  const { t, i18n } = useTranslation();
  const seconds = useSeconds();
  const number = new Intl.NumberFormat(i18n.language);
  return (
    <ul
      aria-label={t("usage.table")}
      className="tabular overflow-hidden rounded-panel border border-line-strong bg-surface"
    >
      {rows.map((row) => (
        <li key={row.request_id} className="border-t border-line first:border-t-0">
          <button
            type="button"
            data-call={row.request_id}
            onClick={() => onOpen(row)}
            className="flex w-full flex-col gap-1 px-4 py-3 text-left -outline-offset-2 transition-colors active:bg-sunken"
          >
            <span className="flex w-full items-baseline justify-between gap-3">
              <span className="min-w-0 truncate font-mono text-head">{row.model}</span>
              <span className="font-medium" title={exactMoney(row.charge)}>
                {formatMoney(row.charge)}
              </span>
            </span>
            {hasAccounts && (
              <span className="w-full truncate text-head">
                {row.account_name ?? row.account_id}
              </span>
            )}
            <span className="flex w-full items-baseline justify-between gap-3 text-head text-muted">
              <span className="min-w-0 truncate">
                {!isOfOneToken && `${row.token_name ?? row.token_id} · `}
                <span title={formatExact(row.ended_at, i18n.language)}>
                  {formatRelative(row.ended_at, i18n.language)}
                </span>
              </span>
              <span className="whitespace-nowrap">
                {t("usage.inOut", {
                  input: number.format(inputUnits(row)),
                  output: number.format(outputUnits(row)),
                })}
              </span>
            </span>
            <span className="flex w-full items-baseline justify-between gap-3 text-head text-muted">
              <EndWord row={row} />
              <span>{seconds(row.total_ms)}</span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
