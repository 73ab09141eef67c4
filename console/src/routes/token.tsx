import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { RotateCw } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { seriesQuery, tokenDetailQuery, usageQuery } from "@/api/queries";
import type { TokenDetail } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { UsageByDay } from "@/components/usage-by-day";
import { UsageList } from "@/components/usage-list";
import { UsageSheet } from "@/components/usage-sheet";
import { RotateToken } from "@/forms/rotate-token";
import { formatMoney, meterPercent } from "@/lib/money";
import { formatDate, formatExact, formatRelative } from "@/lib/time";
import { Button } from "@/ui/button";
import { Meter } from "@/ui/meter";

const recent_calls = 10;
const days_shown = 30;

/** What lies behind one token. */
export function TokenPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: "/app/tokens/$id" });
  const { data, error, refetch } = useQuery(tokenDetailQuery(id));
  const [isRotating, setRotating] = useState(false);
  return (
    <>
      <p className="mb-2 text-head">
        <Link to="/tokens" className="text-accent hover:underline">
          {t("tokens.title")}
        </Link>
      </p>
      <PageHeader
        title={data?.token.name ?? t("tokenForm.editFallback")}
        lead={
          data ? (
            <span className="font-mono text-meta">{data.token.hint}</span>
          ) : (
            <span className="skeleton h-4 w-40" />
          )
        }
        action={
          data && (
            <Button
              icon={<RotateCw size={16} strokeWidth={1.75} aria-hidden />}
              onClick={() => setRotating(true)}
            >
              {t("tokens.rotate")}
            </Button>
          )
        }
      />
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {data && <Detail detail={data} />}
      {data && isRotating && <RotateToken token={data.token} onClose={() => setRotating(false)} />}
    </>
  );
}

function Detail({ detail }: { detail: TokenDetail }) {
  const { token } = detail;
  return (
    <div className="mt-6 flex flex-col gap-8">
      <Advice detail={detail} />
      <Facts detail={detail} />
      <Usage id={token.id} />
      <Clients detail={detail} />
      <History detail={detail} />
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h2 className="mb-2 text-lead font-semibold">{title}</h2>
      {children}
    </section>
  );
}

function Advice({ detail }: { detail: TokenDetail }) {
  const { t } = useTranslation();
  if (detail.advice.length === 0) return null;
  return (
    <Section title={t("token.advice")}>
      <ul className="flex flex-col gap-1.5 rounded-panel border border-line-strong bg-surface px-4 py-3">
        {detail.advice.map((one) => (
          <li key={one} className="flex items-baseline gap-2">
            <span aria-hidden className="size-1.5 shrink-0 rounded-full bg-warn" />
            {t(`token.advice_${one}`)}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Facts({ detail }: { detail: TokenDetail }) {
  const { t, i18n } = useTranslation();
  const { token, windows, old_secrets } = detail;
  const percent = token.quota ? meterPercent(token.used_quota, token.quota) : null;
  return (
    <Section title={t("token.limits")}>
      <dl className="tabular grid grid-cols-1 gap-x-8 gap-y-3 rounded-panel border border-line-strong bg-surface px-4 py-4 sm:grid-cols-2">
        <Fact label={t("tokens.columns.usedQuota")}>
          {formatMoney(token.used_quota)}
          {token.quota && ` / ${formatMoney(token.quota)}`}
          {percent !== null && <Meter percent={percent} tone={percent >= 80 ? "warn" : "accent"} />}
        </Fact>
        <Fact label={t("tokens.columns.expirationTime")}>
          {token.expires_at
            ? formatExact(token.expires_at, i18n.language)
            : t("tokenForm.neverExpires")}
        </Fact>
        {windows.map((one) => (
          <Fact key={one.period} label={t(`token.budget_${one.period}` as "token.budget_day")}>
            {formatMoney(one.used)} / {formatMoney(one.limit)}
            <Meter
              percent={meterPercent(one.used, one.limit)}
              tone={meterPercent(one.used, one.limit) >= 80 ? "warn" : "accent"}
            />
            <span className="text-meta text-muted">
              {t("token.resets", { when: formatExact(one.resets_at, i18n.language) })}
            </span>
          </Fact>
        ))}
        <Fact label={t("token.secretSince")}>
          {formatDate(token.rotated_at, i18n.language)}
          {old_secrets.map((one) => (
            <span key={one.hint} className="block text-meta text-muted">
              {t("token.oldSecret", {
                hint: one.hint,
                when: formatExact(one.valid_until, i18n.language),
              })}
            </span>
          ))}
        </Fact>
        {token.note !== "" && <Fact label={t("tokenForm.note")}>{token.note}</Fact>}
      </dl>
    </Section>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-1">
      <dt className="text-head text-muted">{label}</dt>
      <dd className="flex flex-col gap-1 break-words">{children}</dd>
    </div>
  );
}

function Usage({ id }: { id: string }) {
  const { t } = useTranslation();
  const { data: series } = useQuery(seriesQuery(id, days_shown));
  const { data: calls } = useQuery(usageQuery({ token: id, limit: recent_calls }));
  const [open, setOpen] = useState<string | null>(null);
  return (
    <>
      {series && series.points.length > 0 && (
        <Section title={t("token.byDay")}>
          <UsageByDay series={series} days={days_shown} />
        </Section>
      )}
      <Section title={t("token.recent")}>
        {calls && calls.items.length > 0 ? (
          <>
            <UsageList rows={calls.items} isOfOneToken onOpen={(row) => setOpen(row.request_id)} />
            <p className="mt-2 text-head">
              <Link to="/usage" search={{ token: id }} className="text-accent hover:underline">
                {t("token.allCalls")}
              </Link>
            </p>
          </>
        ) : (
          <p className="text-muted">{t("usage.emptyTitle")}</p>
        )}
      </Section>
      {open && <UsageSheet id={open} onClose={() => setOpen(null)} />}
    </>
  );
}

function Clients({ detail }: { detail: TokenDetail }) {
  const { t, i18n } = useTranslation();
  if (detail.clients.length === 0) return null;
  return (
    <Section title={t("token.clients")}>
      <ul className="tabular rounded-panel border border-line-strong bg-surface">
        {detail.clients.map((one) => (
          <li
            key={`${one.address} ${one.agent}`}
            className="flex flex-wrap items-baseline gap-x-4 border-t border-line px-4 py-2 first:border-t-0"
          >
            <span className="font-mono text-meta">{one.address}</span>
            <span className="min-w-0 flex-1 truncate text-muted">{one.agent}</span>
            <span className="text-head text-muted">
              {t("token.calls", { count: one.requests })} ·{" "}
              {formatRelative(one.last_used_at, i18n.language)}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function History({ detail }: { detail: TokenDetail }) {
  const { t, i18n } = useTranslation();
  if (detail.history.length === 0) return null;
  return (
    <Section title={t("token.history")}>
      <ol className="rounded-panel border border-line-strong bg-surface">
        {detail.history.map((one) => (
          <li key={one.at + one.action} className="border-t border-line px-4 py-2 first:border-t-0">
            <span className="flex flex-wrap items-baseline justify-between gap-x-4">
              <span className="font-medium">
                {t(`token.action_${one.action.replace("token.", "")}` as "token.action_create")}
              </span>
              <span className="text-head text-muted">
                {one.actor} · {formatExact(one.at, i18n.language)}
              </span>
            </span>
            <Changed detail={one.detail} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** Each field that changed, as the API names it, before and after. */
function Changed({ detail }: { detail: Record<string, unknown> }) {
  const changed = Object.entries(detail).filter(([, pair]) => Array.isArray(pair));
  if (changed.length === 0) return null;
  return (
    <ul className="text-head text-muted">
      {changed.map(([field, pair]) => {
        const [before, after] = pair as [unknown, unknown];
        return (
          <li key={field} className="break-words">
            {field}: {JSON.stringify(before)} → {JSON.stringify(after)}
          </li>
        );
      })}
    </ul>
  );
}
