import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { accountQuery, dashboardQuery, keys, usageQuery } from "@/api/queries";
import type { Account, Dashboard } from "@/api/types";
import { DashboardFigures } from "@/components/dashboard-figures";
import { Advice, Endings, TopTokens } from "@/components/dashboard-lists";
import { DashboardSpend } from "@/components/dashboard-spend";
import { DashboardWeek } from "@/components/dashboard-week";
import { ErrorNote } from "@/components/error-note";
import { FirstSteps } from "@/components/first-steps";
import { PageHeader } from "@/components/page-header";
import { Section } from "@/components/panel";
import { cx } from "@/lib/cx";
import {
  dashboardSpans,
  default_span,
  hourSpan,
  slotsOf,
  type DashboardSearch,
  type DashboardSpan,
} from "@/lib/dashboard-search";
import { exactMoney, formatShort } from "@/lib/money";
import { Segmented } from "@/ui/segmented";

/** How often a first call is looked for. */
const waiting_ms = 3_000;
/** From this many days on, how long the balance lasts is no news. */
const soon_days = 7;

/** The first page: what was used, what it cost, and what to do. */
export function DashboardPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/dashboard" });
  const navigate = useNavigate({ from: "/dashboard" });
  const span = search.span ?? default_span;
  const dashboard = useQuery(dashboardQuery(slotsOf(span)));
  const isNew = useIsNew();
  const change = (to: DashboardSearch) =>
    void navigate({ search: (before) => ({ ...before, ...to }), replace: true });
  return (
    <>
      <PageHeader
        title={t("nav.dashboard")}
        lead={<Lead data={dashboard.data} />}
        action={
          isNew === false && (
            <Segmented<DashboardSpan>
              label={t("token.span")}
              value={span}
              onChange={(value) => change({ span: value, day: undefined })}
              options={dashboardSpans.map((value) => ({
                value,
                label: t(value === "1" ? "dashboard.lastHours" : "token.spanDays", {
                  count: Number(value),
                }),
              }))}
            />
          )
        }
      />
      <div className="mt-6 flex flex-col gap-8">
        {dashboard.error && (
          <ErrorNote
            error={dashboard.error}
            title={t("dashboard.loadFailed")}
            onRetry={() => void dashboard.refetch()}
          />
        )}
        {isNew && <FirstSteps />}
        {isNew === false && (
          <>
            {dashboard.data ? (
              <div
                className={cx("transition-opacity", dashboard.isPlaceholderData && "opacity-60")}
              >
                <DashboardFigures data={dashboard.data} />
              </div>
            ) : (
              !dashboard.error && <span className="skeleton block h-[98px] rounded-panel!" />
            )}
            <DashboardSpend
              scope="own"
              span={span}
              day={search.day}
              onDay={(day) => change({ day })}
              onHour={(hour) =>
                void navigate({ to: "/usage", search: { range: "custom", ...hourSpan(hour) } })
              }
            />
            {dashboard.data && <Rest data={dashboard.data} />}
          </>
        )}
      </div>
    </>
  );
}

/** Whether no call has succeeded yet; undefined until that is known. */
function useIsNew(): boolean | undefined {
  const queryClient = useQueryClient();
  const { data } = useQuery({
    ...usageQuery({ end_reason: "complete", limit: 1 }),
    refetchInterval: (query) => (query.state.data?.items.length === 0 ? waiting_ms : false),
  });
  const isNew = data && data.items.length === 0;
  const wasNew = useRef(false);
  useEffect(() => {
    // The figures were asked for before the first call had come.
    if (isNew === false && wasNew.current) {
      void queryClient.invalidateQueries({ queryKey: keys.usage });
    }
    wasNew.current = isNew === true;
  }, [isNew, queryClient]);
  return isNew;
}

function Lead({ data }: { data: Dashboard | undefined }) {
  const { data: account } = useQuery(accountQuery);
  if (!account || !data) return <span className="skeleton h-4 w-64" />;
  return <Balance account={account} days={data.lasts_days ?? null} />;
}

function Balance({ account, days }: { account: Account; days: number | null }) {
  const { t } = useTranslation();
  if (account.billing === "unmetered") return t("dashboard.unmetered");
  return (
    <span>
      {t("nav.balance")}{" "}
      <span className="font-medium text-ink" title={exactMoney(account.balance)}>
        {formatShort(account.balance)}
      </span>
      {days !== null && (
        <>
          {" · "}
          <span className={days < soon_days ? "text-warn" : undefined}>
            {days === 0 ? t("dashboard.lastsLess") : t("dashboard.lasts", { count: days })}
          </span>
        </>
      )}
    </span>
  );
}

function Rest({ data }: { data: Dashboard }) {
  const { t } = useTranslation();
  return (
    <div className="grid gap-x-6 gap-y-8 menu:grid-cols-2 menu:items-start">
      <div className="flex min-w-0 flex-col gap-8">
        <section>
          <div className="mb-2 flex min-h-7 items-center">
            <h2 id="dashboard-week" className="text-lead font-semibold">
              {t("dashboard.week")}
            </h2>
          </div>
          <DashboardWeek week={data.week} />
        </section>
        {data.advice.length > 0 && (
          <Section title={t("token.advice")}>
            <Advice advice={data.advice} />
          </Section>
        )}
      </div>
      {data.tokens.length > 0 && (
        <div className="flex min-w-0 flex-col gap-8">
          <Section
            title={t("dashboard.topTokens")}
            aside={
              <Link
                to="/tokens"
                search={{ sort: "-used_quota" }}
                className="text-head text-muted hover:text-ink hover:underline"
              >
                {t("dashboard.allTokens")}
              </Link>
            }
          >
            <TopTokens tokens={data.tokens} />
          </Section>
          <Section title={t("dashboard.endings")}>
            <Endings ends={data.ends} since={data.since} />
          </Section>
        </div>
      )}
    </div>
  );
}
