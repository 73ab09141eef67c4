import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { TokenDetail } from "@/api/types";
import { exactMoney, formatMoney, formatShort, meterPercent } from "@/lib/money";
import { formatDate, formatExact, formatRelative } from "@/lib/time";
import { Meter } from "@/ui/meter";

import { Panel, Section } from "./panel";
import { ExpirationCell } from "./token-cells";

/** The four figures that are looked for first. */
export function TokenFigures({ detail }: { detail: TokenDetail }) {
  const { t, i18n } = useTranslation();
  const { token, clients } = detail;
  const percent = token.quota === null ? null : meterPercent(token.used_quota, token.quota);
  return (
    <dl className="grid grid-cols-2 overflow-hidden rounded-panel border border-line-strong bg-surface menu:grid-cols-4">
      <Figure label={t("tokens.columns.usedQuota")}>
        <span className="text-figure font-medium" title={exactMoney(token.used_quota)}>
          {formatShort(token.used_quota)}
        </span>
        <Below>
          {token.quota === null
            ? t("tokens.unlimited")
            : t("tokens.remainingOf", { quota: formatShort(token.quota) })}
        </Below>
        {percent !== null && <Meter percent={percent} tone={percent >= 80 ? "warn" : "accent"} />}
      </Figure>
      <Figure label={t("tokens.columns.remainingQuota")}>
        <span
          className="text-figure font-medium"
          title={token.remaining_quota === null ? undefined : exactMoney(token.remaining_quota)}
        >
          {token.remaining_quota === null
            ? t("tokens.unlimited")
            : formatShort(token.remaining_quota)}
        </span>
        <Below>{t("token.callsInAll", { count: token.requests })}</Below>
      </Figure>
      <Figure label={t("tokens.columns.lastUsed")}>
        <span className="text-figure font-medium">
          {token.last_used_at
            ? formatRelative(token.last_used_at, i18n.language)
            : t("tokens.neverUsed")}
        </span>
        <Below>{clients[0] && t("token.from", { address: clients[0].address })}</Below>
      </Figure>
      <Figure label={t("tokens.columns.expirationTime")}>
        <span className="text-figure font-medium">
          <ExpirationCell token={token} />
        </span>
        <Below>{token.expires_at && formatDate(token.expires_at, i18n.language)}</Below>
      </Figure>
    </dl>
  );
}

function Figure({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="tabular -mt-px -ml-px flex min-w-0 flex-col border-t border-l border-line px-4 py-3">
      <dt className="text-meta text-muted">{label}</dt>
      <dd className="flex flex-col">{children}</dd>
    </div>
  );
}

function Below({ children }: { children: ReactNode }) {
  return <span className="mb-1 min-h-4 text-meta break-all text-muted">{children}</span>;
}

/** Everything that bounds the token, and what belongs to it. */
export function TokenLimits({ detail }: { detail: TokenDetail }) {
  const { t, i18n } = useTranslation();
  const { token, windows, old_secrets } = detail;
  const number = new Intl.NumberFormat(i18n.language);
  const list = (values: string[], all: string) => (values.length === 0 ? all : values.join(", "));
  const rates = (["requests_per_minute", "units_per_minute", "concurrency"] as const).flatMap(
    (name) => {
      const limit = token.rates[name];
      return limit === null ? [] : [t(`token.rate_${name}`, { limit: number.format(limit) })];
    },
  );
  return (
    <Section title={t("token.limits")}>
      <Panel>
        <dl className="tabular grid grid-cols-1 gap-x-10 gap-y-4 table:grid-cols-2 menu:grid-cols-3">
          {windows.map((one) => (
            <Fact key={one.period} label={t(`token.budget_${one.period}` as "token.budget_day")}>
              {t("token.usedOf", { used: formatMoney(one.used), limit: formatMoney(one.limit) })}
              <Meter
                percent={meterPercent(one.used, one.limit)}
                tone={meterPercent(one.used, one.limit) >= 80 ? "warn" : "accent"}
              />
              <Small>
                {t("token.resets", { when: formatExact(one.resets_at, i18n.language) })}
              </Small>
            </Fact>
          ))}
          <Fact label={t("token.rates")}>{list(rates, t("tokens.unlimited"))}</Fact>
          <Fact label={t("tokenForm.models")}>
            {list(token.models, t("tokenForm.modelsPlaceholder"))}
          </Fact>
          <Fact label={t("tokenForm.ips")}>
            {list(token.ip_rules, t("tokenForm.ipsPlaceholder"))}
          </Fact>
          <Fact label={t("tokenForm.endpoints")}>
            {list(token.endpoints, t("tokenForm.endpointsPlaceholder"))}
          </Fact>
          <Fact label={t("tokenForm.group")}>{token.group}</Fact>
          <Fact label={t("token.secretSince")}>
            {formatDate(token.rotated_at, i18n.language)}
            {old_secrets.map((one) => (
              <Small key={one.hint}>
                {t("token.oldSecret", {
                  hint: one.hint,
                  when: formatExact(one.valid_until, i18n.language),
                })}
              </Small>
            ))}
          </Fact>
          <Fact label={t("tokens.columns.createdTime")}>
            {formatExact(token.created_at, i18n.language)}
          </Fact>
          {token.tags.length > 0 && (
            <Fact label={t("tokenForm.tags")}>{token.tags.join(", ")}</Fact>
          )}
          {token.note !== "" && <Fact label={t("tokenForm.note")}>{token.note}</Fact>}
        </dl>
      </Panel>
    </Section>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <dt className="text-meta text-muted">{label}</dt>
      <dd className="flex flex-col gap-1 break-words">{children}</dd>
    </div>
  );
}

function Small({ children }: { children: ReactNode }) {
  return <span className="text-meta text-muted">{children}</span>;
}
