import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";

import type { TokenDetail } from "@/api/types";
import { formatMoney, meterPercent } from "@/lib/money";
import { formatDate, formatRelative } from "@/lib/time";
import { Button } from "@/ui/button";

type Advice = TokenDetail["advice"][number];

interface TokenAdviceProps {
  detail: TokenDetail;
  onEdit: () => void;
  onRotate: () => void;
  onDelete: () => void;
}

/** What the product advises about this token, with its figures and the way to do it. */
export function TokenAdvice({ detail, onEdit, onRotate, onDelete }: TokenAdviceProps) {
  const { t, i18n } = useTranslation();
  if (detail.advice.length === 0) return null;
  const actions: Record<Advice, { label: string; onClick: () => void }> = {
    unused: { label: t("tokens.delete"), onClick: onDelete },
    expires_soon: { label: t("token.extend"), onClick: onEdit },
    near_quota: { label: t("token.raiseQuota"), onClick: onEdit },
    near_budget: { label: t("token.raiseBudget"), onClick: onEdit },
    not_rotated: { label: t("rotateToken.confirm"), onClick: onRotate },
    no_ip_restriction: { label: t("token.restrict"), onClick: onEdit },
    no_limit: { label: t("token.setLimit"), onClick: onEdit },
  };
  return (
    <section aria-label={t("token.advice")}>
      <ul className="rounded-panel border border-line-strong bg-surface">
        {detail.advice.map((one) => (
          <li
            key={one}
            className="flex items-center gap-3 border-t border-line py-2 pr-2 pl-4 first:border-t-0"
          >
            <span aria-hidden className="size-1.5 shrink-0 rounded-full bg-warn" />
            <span className="min-w-0 flex-1">{adviceText(one, detail, t, i18n.language)}</span>
            <Button size="small" onClick={actions[one].onClick}>
              {actions[one].label}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The advice with the figures that it follows from. */
function adviceText(one: Advice, detail: TokenDetail, t: TFunction, language: string): string {
  const { token, windows } = detail;
  switch (one) {
    case "unused":
      return token.last_used_at
        ? t("token.advice_unused", { when: formatDate(token.last_used_at, language) })
        : t("token.advice_never_used", { when: formatDate(token.created_at, language) });
    case "expires_soon":
      return t("token.advice_expires_soon", {
        when: formatRelative(token.expires_at ?? token.created_at, language),
      });
    case "near_quota":
      return t("token.advice_near_quota", {
        used: formatMoney(token.used_quota),
        quota: formatMoney(token.quota ?? "0"),
      });
    case "near_budget": {
      const near = windows
        .filter((window) => meterPercent(window.used, window.limit) >= 80)
        .map((window) =>
          t("token.nearBudgetPart", {
            name: t(`token.budget_${window.period}` as "token.budget_day"),
            used: formatMoney(window.used),
            limit: formatMoney(window.limit),
          }),
        );
      return t("token.advice_near_budget", { budgets: near.join(", ") });
    }
    case "not_rotated":
      return t("token.advice_not_rotated", { when: formatDate(token.rotated_at, language) });
    case "no_ip_restriction":
    case "no_limit":
      return t(`token.advice_${one}`);
  }
}
