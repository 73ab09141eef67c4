import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { usageQuery } from "@/api/queries";
import { cx } from "@/lib/cx";
import {
  countFilters,
  csvAddress,
  noFilters,
  toUsageQuery,
  type Scope,
  type UsageSearch,
} from "@/lib/usage-search";
import { useRowWalk } from "@/lib/use-row-keys";
import { Button, buttonLook } from "@/ui/button";
import { Switch } from "@/ui/switch";

import { ErrorNote } from "./error-note";
import { PageHeader } from "./page-header";
import { Pager } from "./pager";
import { Panel } from "./panel";
import { RunningRequests } from "./running-requests";
import { UsageFilters } from "./usage-filters";
import { UsageHistogram } from "./usage-histogram";
import { UsageList } from "./usage-list";
import { UsageSheet } from "./usage-sheet";

/** How often the newest calls are looked for. */
const live_ms = 2_000;

interface UsageLogProps {
  /** Whose calls. */
  scope: Scope;
  from: "/usage" | "/logs";
  title: string;
  lead: string;
  search: UsageSearch;
  /** Writes into the address. */
  onChange: (change: UsageSearch) => void;
}

/** What was asked and what it cost: the log, its filters in the address. */
export function UsageLog({ scope, from, title, lead, search, onChange }: UsageLogProps) {
  const { t } = useTranslation();
  // "The last hour" is counted from when it was chosen, so that its pages fit together.
  const [now, setNow] = useState(() => Date.now());
  const isLive = search.live === "1";
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...usageQuery(toUsageQuery(search, now, scope)),
    refetchInterval: isLive ? live_ms : false,
  });
  useRowWalk();
  const change = (to: UsageSearch) => {
    if ("range" in to) setNow(Date.now());
    onChange({ ...("open" in to ? {} : { cursor: undefined }), ...to });
  };
  return (
    <>
      <PageHeader
        title={title}
        lead={lead}
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
            <a href={csvAddress(search, now, scope)} download className={buttonLook()}>
              <Download size={16} strokeWidth={1.75} aria-hidden />
              {t("usage.exportCsv")}
            </a>
          </span>
        }
      />
      <div className="mt-6">
        <RunningRequests scope={scope} account={search.account} />
        <UsageFilters scope={scope} search={search} onChange={change} />
        <UsageHistogram scope={scope} search={search} now={now} onChange={change} />
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
            <UsageList
              rows={data.items}
              hasAccounts={scope === "all"}
              onOpen={(row) => change({ open: row.request_id })}
            />
          </div>
        )}
        {data && <Pager from={from} cursor={search.cursor} next={data.next_cursor} />}
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
