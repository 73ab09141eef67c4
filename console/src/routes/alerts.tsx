import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { api } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { alertsQuery, unseenAlertsQuery } from "@/api/queries";
import { AlertList } from "@/components/alert-list";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { Pager } from "@/components/pager";
import { Panel } from "@/components/panel";
import { cx } from "@/lib/cx";
import { buttonLook } from "@/ui/button";

/** What people were told without asking. To look at it is to have seen it. */
export function AlertsPage() {
  const { t } = useTranslation();
  const { cursor } = useSearch({ from: "/app/alerts" });
  const { data, error, refetch, isPlaceholderData } = useQuery(alertsQuery(cursor));
  const newest = cursor === undefined && !isPlaceholderData ? data?.items[0] : undefined;
  useSeen(newest?.seen === false ? newest.id : undefined);
  return (
    <>
      <PageHeader
        title={t("alerts.title")}
        lead={t("alerts.lead")}
        action={
          <Link to="/profile" hash="alerts" className={buttonLook()}>
            {t("alerts.choose")}
          </Link>
        }
      />
      <div className="mt-6">
        {error && (
          <ErrorNote error={error} title={t("alerts.loadFailed")} onRetry={() => void refetch()} />
        )}
        {!data && !error && <span className="skeleton block h-64 rounded-panel!" />}
        {data?.items.length === 0 && (
          <Panel>
            <p className="text-muted">{t("alerts.empty")}</p>
          </Panel>
        )}
        {data && data.items.length > 0 && (
          <div className={cx("transition-opacity", isPlaceholderData && "opacity-60")}>
            <AlertList alerts={data.items} />
          </div>
        )}
        {data && <Pager from="/alerts" cursor={cursor} next={data.next_cursor} />}
      </div>
    </>
  );
}

/** Notes that everything up to the newest is seen; the marks on the page stay until it is left. */
function useSeen(newest: string | undefined) {
  const queryClient = useQueryClient();
  const { mutate } = useMutation<unknown, ApiError, string>({
    mutationFn: (upto) => api.POST("/api/v1/alerts/seen", { body: { upto } }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: unseenAlertsQuery.queryKey }),
  });
  useEffect(() => {
    if (newest !== undefined) mutate(newest);
  }, [newest, mutate]);
}
