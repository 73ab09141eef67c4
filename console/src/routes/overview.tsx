import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { overviewQuery, sessionQuery } from "@/api/queries";
import type { Overview } from "@/api/types";
import { ChannelHealth } from "@/components/channel-health";
import { DashboardFigures } from "@/components/dashboard-figures";
import { Endings, TopAccounts } from "@/components/dashboard-lists";
import { DashboardSpend } from "@/components/dashboard-spend";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { Panel, Section } from "@/components/panel";
import { cx } from "@/lib/cx";
import {
  hourSpan,
  overviewPeriods,
  overviewSpans,
  type OverviewSearch,
  type OverviewSpan,
} from "@/lib/dashboard-search";
import { isOperator } from "@/lib/roles";
import { Segmented } from "@/ui/segmented";

/** How often the figures are read anew. */
const anew_ms = 60_000;

/** The operators' first page: everybody's traffic, how channels do, and what failed. */
export function OverviewPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/overview" });
  const navigate = useNavigate({ from: "/overview" });
  const { data: session } = useQuery(sessionQuery);
  const isAllowed = session ? isOperator(session.user.role) : null;
  const span = search.span ?? "1";
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...overviewQuery(overviewPeriods[span]),
    enabled: isAllowed === true,
    refetchInterval: anew_ms,
  });
  const change = (to: OverviewSearch) =>
    void navigate({ search: (before) => ({ ...before, ...to }), replace: true });
  return (
    <>
      <PageHeader
        title={t("overview.title")}
        lead={isAllowed === false ? t("overview.forbidden") : t("overview.lead")}
        action={
          isAllowed && (
            <Segmented<OverviewSpan>
              label={t("token.span")}
              value={span}
              onChange={(value) => change({ span: value, day: undefined })}
              options={overviewSpans.map((value) => ({
                value,
                label: t(value === "1" ? "dashboard.lastHours" : "token.spanDays", {
                  count: Number(value),
                }),
              }))}
            />
          )
        }
      />
      {isAllowed !== false && (
        <div className="mt-6 flex flex-col gap-8">
          {error && (
            <ErrorNote
              error={error}
              title={t("overview.loadFailed")}
              onRetry={() => void refetch()}
            />
          )}
          {!data && !error && <Skeleton />}
          {data && (
            <>
              <div className={cx("transition-opacity", isPlaceholderData && "opacity-60")}>
                <DashboardFigures data={data} />
              </div>
              <ChannelHealth data={data} />
              <DashboardSpend
                scope="all"
                span={span}
                day={search.day}
                onDay={(day) => change({ day })}
                onHour={(hour) =>
                  void navigate({ to: "/logs", search: { range: "custom", ...hourSpan(hour) } })
                }
              />
              <Rest data={data} />
            </>
          )}
        </div>
      )}
    </>
  );
}

function Rest({ data }: { data: Overview }) {
  const { t } = useTranslation();
  const errors = data.ends.filter((one) => one.end_reason !== "complete");
  return (
    <div className="grid gap-x-6 gap-y-8 menu:grid-cols-2 menu:items-start">
      <Section
        title={t("overview.topAccounts")}
        aside={
          <Link to="/users" className="text-head text-muted hover:text-ink hover:underline">
            {t("overview.allUsers")}
          </Link>
        }
      >
        {data.accounts.length > 0 ? (
          <TopAccounts accounts={data.accounts} since={data.since} />
        ) : (
          <Nothing text={t("token.noUsage")} />
        )}
      </Section>
      <Section title={t("overview.errors")}>
        {errors.length > 0 ? (
          <Endings
            label={t("overview.errors")}
            ends={errors}
            of={data.now.requests}
            to="/logs"
            since={data.since}
          />
        ) : (
          <Nothing text={t(data.now.requests > 0 ? "overview.noErrors" : "token.noUsage")} />
        )}
      </Section>
    </div>
  );
}

function Nothing({ text }: { text: string }) {
  return (
    <Panel>
      <p className="text-muted">{text}</p>
    </Panel>
  );
}

function Skeleton() {
  return (
    <>
      <span className="skeleton block h-[267px] rounded-panel! menu:h-[90px]" />
      <span className="skeleton block h-36 rounded-panel!" />
      <span className="skeleton block h-[318px] rounded-panel!" />
      <span className="skeleton block h-48 rounded-panel!" />
    </>
  );
}
