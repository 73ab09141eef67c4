import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { accountQuery } from "@/api/queries";
import { exactMoney, formatMoney, formatShort, isZero } from "@/lib/money";

/** The account's money as the sidebar's one figure. */
export function BalanceFigure() {
  const { t } = useTranslation();
  const { data: account } = useQuery(accountQuery);
  const isUnmetered = account?.billing === "unmetered";
  return (
    <div className="flex flex-col">
      <span className="text-meta text-muted">{t("nav.balance")}</span>
      <span className="flex h-8 items-center">
        {account ? (
          <span
            className={
              isUnmetered
                ? "text-lead font-medium"
                : "tabular text-figure font-medium tracking-[-0.01em]"
            }
            title={isUnmetered ? undefined : exactMoney(account.balance)}
          >
            {isUnmetered ? t("nav.unmetered") : formatShort(account.balance)}
          </span>
        ) : (
          <span className="skeleton h-5 w-24" />
        )}
      </span>
      <span className="tabular min-h-4 text-meta text-muted">
        {account && !isUnmetered && !isZero(account.held)
          ? t("nav.balanceHeld", { amount: formatMoney(account.held) })
          : null}
      </span>
    </div>
  );
}

/** The same in a line, for the bar of a phone. */
export function BalanceLine() {
  const { t } = useTranslation();
  const { data: account } = useQuery(accountQuery);
  if (!account) return null;
  const isUnmetered = account.billing === "unmetered";
  return (
    <span className="tabular pr-2 text-head text-muted">
      <span className="sr-only">{t("nav.balance")} </span>
      {isUnmetered ? t("nav.unmetered") : formatShort(account.balance)}
    </span>
  );
}
