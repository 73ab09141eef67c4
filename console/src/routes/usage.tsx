import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { usageQuery } from "@/api/queries";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { Pager } from "@/components/pager";
import { Panel } from "@/components/panel";
import { RunningRequests } from "@/components/running-requests";
import { UsageFilters } from "@/components/usage-filters";
import { UsageHistogram } from "@/components/usage-histogram";
import { UsageList } from "@/components/usage-list";
import { UsageSheet } from "@/components/usage-sheet";
import { cx } from "@/lib/cx";
import {
  countFilters,
  csvAddress,
  noFilters,
  toUsageQuery,
  type UsageSearch,
} from "@/lib/usage-search";
import { useRowWalk } from "@/lib/use-row-keys";
import { Button, buttonLook } from "@/ui/button";
import { Switch } from "@/ui/switch";

/** How often the newest calls are looked for. */
const live_ms = 2_000;

/** What was asked and what it cost: the log, its filters in the address. */
export function UsagePage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/usage" });
  const navigate = useNavigate({ from: "/usage" });
  // "The last hour" is counted from when it was chosen, so that its pages fit together.
  const [now, setNow] = useState(() => Date.now());
  const isLive = search.live === "1";
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...usageQuery(toUsageQuery(search, now)),
    refetchInterval: isLive ? live_ms : false,
  });
  useRowWalk();
  const change = (to: UsageSearch) => {
    if ("range" in to) setNow(Date.now());
    void navigate({
      search: (before) => ({ ...before, ...("open" in to ? {} : { cursor: undefined }), ...to }),
      replace: true,
    });
  };
  return (
    <>
      <PageHeader
        title={t("usage.title")}
        lead={t("usage.lead")}
        action={
          <span className="flex items-center gap-4">
            <span className="flex items-center gap-2">
              <span id="usage-live" className="text-head text-muted">
                {t("usage.live")}
              </span>
              <Switch
                isOn={isLive}
                // The newest calls stand on the first page.
                onChange={(on) => change({ live: on ? "1" : undefined, cursor: undefined })}
                labelledBy="usage-live"
              />
            </span>
            <a href={csvAddress(search, now)} download className={buttonLook()}>
              <Download size={16} strokeWidth={1.75} aria-hidden />
              {t("usage.exportCsv")}
            </a>
          </span>
        }
      />
      <div className="mt-6">
        <RunningRequests />
        <UsageFilters search={search} onChange={change} />
        <UsageHistogram search={search} now={now} onChange={change} />
        {error && (
          <ErrorNote error={error} title={t("usage.loadFailed")} onRetry={() => void refetch()} />
        )}
        {!data && !error && <span className="skeleton block h-64 rounded-panel!" />}
        {data && data.items.length === 0 && (
          <Empty
            isFiltered={countFilters(search) > 0 || search.cursor !== undefined}
            onClear={() => change(noFilters)}
          />
        )}
        {data && data.items.length > 0 && (
          <div className={cx("transition-opacity", isPlaceholderData && "opacity-60")}>
            <UsageList rows={data.items} onOpen={(row) => change({ open: row.request_id })} />
          </div>
        )}
        {data && <Pager from="/usage" cursor={search.cursor} next={data.next_cursor} />}
      </div>
      {search.open && <UsageSheet id={search.open} onClose={() => change({ open: undefined })} />}
    </>
  );
}

function Empty({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  const { t } = useTranslation();
  return (
    <Panel className="px-6! py-10!">
      <h2 className="text-lead font-semibold">
        {t(isFiltered ? "tokens.filteredTitle" : "usage.emptyTitle")}
      </h2>
      <p className="mt-1 text-muted">{t(isFiltered ? "usage.filteredLead" : "usage.emptyLead")}</p>
      {isFiltered && (
        <Button className="mt-4" onClick={onClear}>
          {t("tokens.clearFilters")}
        </Button>
      )}
    </Panel>
  );
}
