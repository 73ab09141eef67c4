import { useTranslation } from "react-i18next";

import type { UsageRow } from "@/api/types";
import { cx } from "@/lib/cx";
import { exactMoney, formatMoney } from "@/lib/money";
import { formatExact, formatRelative } from "@/lib/time";

const good = new Set(["complete"]);

/** How a request ended: a dot and a word, never a colour alone. */
export function EndWord({ row }: { row: UsageRow }) {
  const { t } = useTranslation();
  const isGood = good.has(row.end_reason);
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <span aria-hidden className={cx("size-1.5 rounded-full", isGood ? "bg-ok" : "bg-warn")} />
      {t(`usage.end.${row.end_reason}` as "usage.end.complete")}
    </span>
  );
}

const sum = (row: UsageRow, names: string[]) =>
  names.reduce((total, name) => total + (row.units[name] ?? 0), 0);

export const inputUnits = (row: UsageRow) =>
  sum(row, [
    "input",
    "cached_input",
    "cache_write_5m",
    "cache_write_1h",
    "cache_write_other",
    "input_audio",
  ]);
export const outputUnits = (row: UsageRow) => sum(row, ["output", "reasoning", "output_audio"]);

interface UsageListProps {
  rows: UsageRow[];
  /** Leaves out what is the same in every row. */
  isOfOneToken?: boolean;
  onOpen: (row: UsageRow) => void;
}

/** Finished requests, newest first: a table, and on a phone the same rows as short paragraphs. */
export function UsageList({ rows, isOfOneToken = false, onOpen }: UsageListProps) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const cell = "border-b border-line px-3 py-2 align-top";
  const head = `${cell} text-left text-head font-medium text-muted`;
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
                {t("usage.token")}
              </th>
            )}
            <th scope="col" className={head}>
              {t("usage.model")}
            </th>
            <th scope="col" className={`${head} text-right max-sm:hidden`}>
              {t("usage.units")}
            </th>
            <th scope="col" className={`${head} text-right`}>
              {t("usage.charge")}
            </th>
            <th scope="col" className={`${head} text-right max-sm:hidden`}>
              {t("usage.duration")}
            </th>
            <th scope="col" className={head}>
              {t("usage.ended")}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.request_id}>
              <td className={cell}>
                <button
                  type="button"
                  onClick={() => onOpen(row)}
                  title={formatExact(row.ended_at, i18n.language)}
                  className="rounded-[4px] text-left font-medium whitespace-nowrap hover:text-accent"
                >
                  {formatRelative(row.ended_at, i18n.language)}
                </button>
              </td>
              {!isOfOneToken && (
                <td className={`${cell} max-w-40 truncate`}>{row.token_name ?? row.token_id}</td>
              )}
              <td className={`${cell} max-w-48 truncate font-mono text-meta`}>{row.model}</td>
              <td className={`${cell} text-right whitespace-nowrap max-sm:hidden`}>
                {number.format(inputUnits(row))} → {number.format(outputUnits(row))}
              </td>
              <td className={`${cell} text-right`} title={exactMoney(row.charge)}>
                {formatMoney(row.charge)}
              </td>
              <td className={`${cell} text-right whitespace-nowrap max-sm:hidden`}>
                {row.total_ms === null || row.total_ms === undefined
                  ? "—"
                  : t("usage.seconds", {
                      seconds: number.format(Math.round(row.total_ms / 100) / 10),
                    })}
              </td>
              <td className={cell}>
                <EndWord row={row} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
