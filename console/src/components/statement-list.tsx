import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Movement } from "@/api/types";
import { cx } from "@/lib/cx";
import { exactMoney, formatMoney } from "@/lib/money";
import { formatDate, formatExact, formatRelative } from "@/lib/time";
import { useHasTable } from "@/lib/use-media";
import type { MovementKind } from "@/lib/wallet-search";

/** What moved the balance, newest first: a table, and on a phone the same lines as cards. */
export function StatementList({ lines }: { lines: Movement[] }) {
  return useHasTable() ? <StatementTable lines={lines} /> : <StatementCards lines={lines} />;
}

const cell = "border-b border-line px-3 py-2 align-top first:pl-4 last:pr-4";
const head =
  "h-9 border-b border-line-strong px-3 text-left text-head font-medium whitespace-nowrap text-muted first:pl-4 last:pr-4";

function StatementTable({ lines }: { lines: Movement[] }) {
  const { t } = useTranslation();
  return (
    <div
      role="region"
      tabIndex={0}
      aria-label={t("wallet.statement")}
      className="overflow-x-auto rounded-panel border border-line-strong bg-surface"
    >
      <table className="tabular w-full border-separate border-spacing-0 [&_tbody_tr:last-child>*]:border-b-0">
        <thead>
          <tr>
            <th scope="col" className={head}>
              {t("wallet.time")}
            </th>
            <th scope="col" className={head}>
              {t("wallet.what")}
            </th>
            <th scope="col" className={cx(head, "text-right")}>
              {t("wallet.amount")}
            </th>
            <th scope="col" className={cx(head, "text-right")}>
              {t("wallet.after")}
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={`${line.kind} ${line.time} ${line.balance}`}>
              <td className={cx(cell, "whitespace-nowrap")}>
                <When line={line} />
              </td>
              <td className={cell}>
                <What line={line} />
              </td>
              <td className={cx(cell, "text-right font-medium")}>
                <Amount value={line.amount} />
              </td>
              <td className={cx(cell, "text-right text-muted")} title={exactMoney(line.balance)}>
                {formatMoney(line.balance)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function StatementCards({ lines }: { lines: Movement[] }) {
  const { t } = useTranslation();
  return (
    <ul
      aria-label={t("wallet.statement")}
      className="tabular overflow-hidden rounded-panel border border-line-strong bg-surface"
    >
      {lines.map((line) => (
        <li
          key={`${line.kind} ${line.time} ${line.balance}`}
          className="flex flex-col gap-1 border-t border-line px-4 py-3 first:border-t-0"
        >
          <span className="flex items-baseline justify-between gap-3">
            <What line={line} />
            <span className="font-medium">
              <Amount value={line.amount} />
            </span>
          </span>
          <span className="flex items-baseline justify-between gap-3 text-head text-muted">
            <When line={line} />
            <span title={exactMoney(line.balance)}>{formatMoney(line.balance)}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

/** A day's usage is told by its day: its time is that day's end, which may be yet to come. */
function When({ line: { time, usage } }: { line: Movement }) {
  const { i18n } = useTranslation();
  if (usage) {
    // Its middle lies within it for every reader but those on the other side of the earth.
    const middle = (Date.parse(usage.since) + Date.parse(usage.until)) / 2;
    return <span>{formatDate(new Date(middle).toISOString(), i18n.language)}</span>;
  }
  return (
    <span title={formatExact(time, i18n.language)}>{formatRelative(time, i18n.language)}</span>
  );
}

/** With its sign, since a line either brings money or takes it. */
function Amount({ value }: { value: string }) {
  const sign = value.startsWith("-") ? "" : "+";
  return (
    <span title={exactMoney(value)}>
      {sign}
      {formatMoney(value)}
    </span>
  );
}

/** The kind in words, why, and for a day's usage the way down to its calls. */
function What({ line }: { line: Movement }) {
  const { t } = useTranslation();
  const { usage } = line;
  return (
    <span className="flex min-w-0 flex-col">
      <span>{t(`wallet.kinds.${line.kind as MovementKind}`)}</span>
      {line.reason && <span className="text-head break-words text-muted">{line.reason}</span>}
      {line.reference && (
        <span className="font-mono text-meta break-all text-muted">{line.reference}</span>
      )}
      {usage?.listed && (
        <Link
          to="/usage"
          search={{ range: "custom", since: usage.since, until: usage.until }}
          className="self-start text-head text-accent underline"
        >
          {t("wallet.calls", { count: usage.requests })}
        </Link>
      )}
      {usage && !usage.listed && (
        <span className="text-head text-muted">{t("wallet.calls", { count: usage.requests })}</span>
      )}
    </span>
  );
}
