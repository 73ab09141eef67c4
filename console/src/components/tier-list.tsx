import type { TFunction } from "i18next";
import { Ellipsis, Pencil, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { Tier, TierInUse } from "@/api/types";
import { formatMoney, isZero } from "@/lib/money";
import { formatMultiplier } from "@/lib/multiplier";
import { IconButton } from "@/ui/button";
import { Menu, MenuItem } from "@/ui/menu";

interface TierListProps {
  tiers: TierInUse[];
  onEdit: (tier: Tier) => void;
  onDelete: (item: TierInUse) => void;
}

export function TierList({ tiers, onEdit, onDelete }: TierListProps) {
  const { t } = useTranslation();
  return (
    <ul
      aria-label={t("tiers.table")}
      className="rounded-panel border border-line-strong bg-surface"
    >
      {tiers.map((item) => (
        <li
          key={item.tier.id}
          className="flex items-start gap-4 border-t border-line px-4 py-3 first:border-t-0"
        >
          <div className="flex min-w-0 flex-1 flex-col gap-1">
            <p className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5">
              <span className="min-w-0 truncate font-medium">{item.tier.name}</span>
              <span className="tabular text-head text-muted">
                {item.accounts === 0
                  ? t("tiers.noAccounts")
                  : t("tiers.accounts", { count: item.accounts })}
              </span>
              {item.standard && (
                <span className="rounded-full bg-sunken px-2 py-0.5 text-meta">
                  {t("tiers.standard")}
                </span>
              )}
            </p>
            {linesOf(item.tier, t).map((line) => (
              <p key={line} className="tabular text-head break-words text-muted">
                {line}
              </p>
            ))}
          </div>
          <Menu
            trigger={
              <IconButton
                size="small"
                label={t("tiers.menu", { name: item.tier.name })}
                icon={<Ellipsis size={16} strokeWidth={1.75} aria-hidden />}
              />
            }
          >
            <MenuItem
              onSelect={() => onEdit(item.tier)}
              icon={<Pencil size={16} strokeWidth={1.75} aria-hidden className="text-muted" />}
            >
              {t("tiers.edit")}
            </MenuItem>
            <MenuItem
              tone="danger"
              onSelect={() => onDelete(item)}
              icon={<Trash2 size={16} strokeWidth={1.75} aria-hidden />}
            >
              {t("tiers.delete")}
            </MenuItem>
          </Menu>
        </li>
      ))}
    </ul>
  );
}

/** What the tier says, in words: what is not limited is left out, but for the models. */
function linesOf(tier: Tier, t: TFunction): string[] {
  const { rates } = tier;
  const money = [
    t("tiers.tokens", { count: tier.token_limit }),
    t("tiers.factorOf", { factor: formatMultiplier(tier.multiplier_ppm) }),
    ...(isZero(tier.overdraft)
      ? []
      : [t("tiers.overdraftOf", { amount: formatMoney(tier.overdraft) })]),
  ];
  const reach = [
    tier.models.length === 0
      ? t("tiers.allModels")
      : t("tiers.modelsOf", { models: tier.models.join(", ") }),
    ...(tier.groups.length === 0 ? [] : [t("tiers.groupsOf", { groups: tier.groups.join(", ") })]),
    ...(rates.requests_per_minute
      ? [t("tiers.requestsOf", { count: rates.requests_per_minute })]
      : []),
    ...(rates.units_per_minute ? [t("tiers.unitsOf", { count: rates.units_per_minute })] : []),
    ...(rates.concurrency ? [t("tiers.concurrencyOf", { count: rates.concurrency })] : []),
  ];
  const expiry = [
    ...(tier.expiry_days_default
      ? [t("tiers.expiryDefaultOf", { count: tier.expiry_days_default })]
      : []),
    ...(tier.expiry_days_max ? [t("tiers.expiryMaxOf", { count: tier.expiry_days_max })] : []),
  ];
  return [money, reach, expiry]
    .filter((facts) => facts.length > 0)
    .map((facts) => facts.join(" · "));
}
