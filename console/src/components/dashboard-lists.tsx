import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { Dashboard, Overview } from "@/api/types";
import { cx } from "@/lib/cx";
import { exactMoney, formatShort, shareOf } from "@/lib/money";
import { endReasons } from "@/lib/usage-search";

import { dotOf } from "./usage-words";

const head = "px-4 py-2 text-head font-medium whitespace-nowrap text-muted";
const cell = "border-t border-line px-4 py-2 align-top";

interface ListProps {
  label: string;
  heads: [string, string, string];
  children: ReactNode;
}

function List({ label, heads, children }: ListProps) {
  return (
    <div className="overflow-hidden rounded-panel border border-line-strong bg-surface">
      <table aria-label={label} className="tabular w-full border-separate border-spacing-0">
        <thead>
          <tr>
            {heads.map((text, at) => (
              <th
                key={text}
                scope="col"
                className={cx(head, at === 0 ? "text-left" : "text-right")}
              >
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

function Share({ part, tone }: { part: number; tone: string }) {
  return (
    <span aria-hidden className="mt-1 block h-1 w-full rounded-full bg-line">
      <span
        className={cx("block h-full min-w-1 rounded-full", tone)}
        style={{ width: `${part * 100}%` }}
      />
    </span>
  );
}

/** The tokens that cost most; the bar below a name is its share of the dearest. */
export function TopTokens({ tokens }: { tokens: Dashboard["tokens"] }) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const most = tokens[0]?.charge ?? "0";
  return (
    <List
      label={t("dashboard.topTokens")}
      heads={[t("usage.token"), t("token.callsHead"), t("usage.charge")]}
    >
      {tokens.map((one) => (
        <tr key={one.token_id}>
          <th scope="row" className={cx(cell, "w-full max-w-0 text-left font-normal")}>
            <Link
              to="/tokens/$id"
              params={{ id: one.token_id }}
              className="block truncate rounded-[4px] hover:underline"
            >
              {one.token_name ?? one.token_id}
            </Link>
            <Share part={shareOf(one.charge, most)} tone="bg-accent" />
          </th>
          <td className={cx(cell, "text-right")}>{number.format(one.requests)}</td>
          <td className={cx(cell, "text-right")} title={exactMoney(one.charge)}>
            {formatShort(one.charge)}
          </td>
        </tr>
      ))}
    </List>
  );
}

/** The accounts that cost most, each with its calls; the bar as with tokens. */
export function TopAccounts({
  accounts,
  since,
}: {
  accounts: Overview["accounts"];
  since: string;
}) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const most = accounts[0]?.charge ?? "0";
  return (
    <List
      label={t("overview.topAccounts")}
      heads={[t("logs.account"), t("token.callsHead"), t("usage.charge")]}
    >
      {accounts.map((one) => (
        <tr key={one.account_id}>
          <th scope="row" className={cx(cell, "w-full max-w-0 text-left font-normal")}>
            <Link
              to="/logs"
              search={{ range: "custom", since, account: one.account_name ?? one.account_id }}
              className="block truncate rounded-[4px] hover:underline"
            >
              {one.account_name ?? one.account_id}
            </Link>
            <Share part={shareOf(one.charge, most)} tone="bg-accent" />
          </th>
          <td className={cx(cell, "text-right")}>{number.format(one.requests)}</td>
          <td className={cx(cell, "text-right")} title={exactMoney(one.charge)}>
            {formatShort(one.charge)}
          </td>
        </tr>
      ))}
    </List>
  );
}

interface EndingsProps {
  /** What the list is about. */
  label?: string;
  ends: Dashboard["ends"];
  /** Of how many a line's share is told; of all lines together where it is not given. */
  of?: number;
  /** The page with the calls behind a line. */
  to?: "/usage" | "/logs";
  /** Where the period begins: the calls behind a line are those since then. */
  since: string;
}

/** How the requests ended, each kind with its calls. */
export function Endings({ label, ends, of, to = "/usage", since }: EndingsProps) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const percent = new Intl.NumberFormat(i18n.language, {
    style: "percent",
    maximumFractionDigits: 1,
  });
  const all = of ?? ends.reduce((sum, one) => sum + one.requests, 0);
  return (
    <List
      label={label ?? t("dashboard.endings")}
      heads={[t("usage.ended"), t("token.callsHead"), t("dashboard.share")]}
    >
      {ends.map((one) => {
        const known = endReasons.find((reason) => reason === one.end_reason);
        return (
          <tr key={one.end_reason}>
            <th scope="row" className={cx(cell, "w-full text-left font-normal")}>
              <Link
                to={to}
                search={{ range: "custom", since, end_reason: one.end_reason }}
                className="inline-flex items-center gap-2 rounded-[4px] hover:underline"
              >
                <span aria-hidden className={cx("size-1.5 rounded-full", dotOf(one.end_reason))} />
                {known ? t(`usage.end.${known}`) : one.end_reason}
              </Link>
            </th>
            <td className={cx(cell, "text-right")}>{number.format(one.requests)}</td>
            <td className={cx(cell, "text-right")}>{percent.format(one.requests / all)}</td>
          </tr>
        );
      })}
    </List>
  );
}

/** What to do about tokens, each line with the way to it. */
export function Advice({ advice }: { advice: Dashboard["advice"] }) {
  const { t } = useTranslation();
  return (
    <ul
      aria-label={t("token.advice")}
      className="rounded-panel border border-line-strong bg-surface"
    >
      {advice.map((one) => (
        <li key={`${one.token_id} ${one.advice}`} className="border-t border-line first:border-t-0">
          <Link
            to="/tokens/$id"
            params={{ id: one.token_id }}
            className="flex items-baseline gap-3 px-4 py-2.5 -outline-offset-2 transition-colors hover:bg-sunken"
          >
            <span aria-hidden className="size-1.5 shrink-0 rounded-full bg-warn" />
            <span className="min-w-0">
              <span className="font-medium break-words">{one.token_name}</span>{" "}
              <span className="text-muted">{t(`dashboard.advice_${one.advice}`)}</span>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
