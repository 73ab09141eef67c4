import type { Alert } from "@/api/types";
import type { Texts } from "@/i18n/en";

import { formatMoney } from "./money";
import { formatExact } from "./time";

/** What people can be told, as the API names it. */
export const alertKinds = [
  "low_balance",
  "token_quota",
  "token_budget",
  "token_expiry",
  "unusual_spend",
  "new_network",
  "suspect_usage",
  "channel_failing",
] as const;
export type AlertKind = (typeof alertKinds)[number];

/** Which sentence says an alert, and what stands in it; null for a kind that is not known yet. */
export function sentenceOf(
  { kind, detail }: Alert,
  language: string,
): { key: keyof Texts["alerts"]["said"]; values: Record<string, string | number> } | null {
  const known = alertKinds.find((name) => name === kind);
  if (known === undefined) return null;
  const money = (amount: string | null | undefined) => formatMoney(amount ?? "0");
  const when = detail.expires_at ?? detail.hour;
  const values = {
    token: detail.token_name ?? "",
    channel: detail.channel_name ?? "",
    balance: money(detail.balance),
    limit: money(detail.limit),
    used: money(detail.used),
    spent: money(detail.spent),
    usual: money(detail.usual),
    percent: detail.percent ?? 0,
    requests: detail.requests ?? 0,
    failed: detail.failed ?? 0,
    address: detail.address ?? "",
    network: detail.network ?? "",
    when: when ? formatExact(when, language) : "",
  };
  if (known !== "token_budget") return { key: known, values };
  const period = detail.period === "day" || detail.period === "week" ? detail.period : "month";
  return { key: `token_budget_${period}`, values };
}
