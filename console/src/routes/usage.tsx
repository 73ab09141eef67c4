import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useTranslation } from "react-i18next";

import { tokensQuery, usageQuery } from "@/api/queries";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { RunningRequests } from "@/components/running-requests";
import { UsageList } from "@/components/usage-list";
import { UsageSheet } from "@/components/usage-sheet";
import { cx } from "@/lib/cx";
import { endReasons, toUsageQuery, type UsageSearch } from "@/lib/usage-search";
import { Button } from "@/ui/button";
import { Input } from "@/ui/input";
import { Select } from "@/ui/select";

const all = "all";

/** What was asked and what it cost: the log, its filters in the address. */
export function UsagePage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/usage" });
  const navigate = useNavigate({ from: "/usage" });
  const query = toUsageQuery(search);
  const { data, error, refetch, isPlaceholderData } = useQuery(usageQuery(query));
  const change = (to: UsageSearch) =>
    void navigate({
      search: (before) => ({ ...before, ...("open" in to ? {} : { cursor: undefined }), ...to }),
      replace: true,
    });
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined || key === "limit" || key === "cursor" ? [] : [[key, String(value)]],
  );
  return (
    <>
      <PageHeader
        title={t("usage.title")}
        lead={t("usage.lead")}
        action={
          <a
            href={`/api/v1/usage.csv?${new URLSearchParams(pairs)}`}
            className="inline-flex h-9 items-center gap-2 rounded-control border border-control-line/60 bg-surface px-3 font-medium transition-colors hover:border-control-line"
          >
            <Download size={16} strokeWidth={1.75} aria-hidden />
            {t("usage.exportCsv")}
          </a>
        }
      />
      <div className="mt-6">
        <RunningRequests />
        <Filters search={search} onChange={change} />
        {error && (
          <ErrorNote error={error} title={t("usage.loadFailed")} onRetry={() => void refetch()} />
        )}
        {data && data.items.length === 0 && (
          <div className="rounded-panel border border-line-strong bg-surface px-6 py-10">
            <h2 className="text-lead font-semibold">{t("usage.emptyTitle")}</h2>
            <p className="mt-1 text-muted">{t("usage.emptyLead")}</p>
          </div>
        )}
        {data && data.items.length > 0 && (
          <div className={cx("transition-opacity", isPlaceholderData && "opacity-60")}>
            <UsageList rows={data.items} onOpen={(row) => change({ open: row.request_id })} />
          </div>
        )}
        <div className="mt-3 flex justify-end gap-2">
          {search.cursor && (
            <Button size="small" onClick={() => change({ cursor: undefined })}>
              {t("usage.newest")}
            </Button>
          )}
          {data?.next_cursor && (
            <Button size="small" onClick={() => change({ cursor: data.next_cursor ?? undefined })}>
              {t("usage.older")}
            </Button>
          )}
        </div>
      </div>
      {search.open && <UsageSheet id={search.open} onClose={() => change({ open: undefined })} />}
    </>
  );
}

interface FiltersProps {
  search: UsageSearch;
  onChange: (change: UsageSearch) => void;
}

function Filters({ search, onChange }: FiltersProps) {
  const { t } = useTranslation();
  const { data: tokens } = useQuery(tokensQuery({ limit: 100, sort: "name" }));
  const ofToken = [
    { value: all, label: t("usage.everyToken") },
    ...(tokens?.items ?? []).map((token) => ({ value: token.id, label: token.name })),
  ];
  const ofEnd = [
    { value: all, label: t("usage.everyEnd") },
    ...endReasons.map((end) => ({ value: end, label: t(`usage.end.${end}`) })),
  ];
  const either = (value: string) => (value === all ? undefined : value);
  return (
    <div className="mb-3 flex flex-wrap items-center gap-2">
      <Select
        label={t("usage.token")}
        value={search.token ?? all}
        onChange={(value) => onChange({ token: either(value) })}
        options={ofToken}
        className="w-48"
      />
      <Select
        label={t("usage.ended")}
        value={search.end_reason ?? all}
        onChange={(value) => onChange({ end_reason: either(value) })}
        options={ofEnd}
        className="w-44"
      />
      <Input
        aria-label={t("usage.model")}
        placeholder={t("usage.model")}
        defaultValue={search.model ?? ""}
        onBlur={(event) => onChange({ model: event.target.value.trim() || undefined })}
        onKeyDown={(event) =>
          event.key === "Enter" &&
          onChange({ model: event.currentTarget.value.trim() || undefined })
        }
        className="w-44"
      />
      <Input
        aria-label={t("usage.requestId")}
        placeholder={t("usage.requestId")}
        defaultValue={search.request_id ?? ""}
        onBlur={(event) => onChange({ request_id: event.target.value.trim() || undefined })}
        onKeyDown={(event) =>
          event.key === "Enter" &&
          onChange({ request_id: event.currentTarget.value.trim() || undefined })
        }
        className="w-64"
      />
    </div>
  );
}
