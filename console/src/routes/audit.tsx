import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { auditQuery, sessionQuery } from "@/api/queries";
import { AuditListing } from "@/components/audit-listing";
import { ErrorNote } from "@/components/error-note";
import { FilterText } from "@/components/filter-text";
import { PageHeader } from "@/components/page-header";
import { Pager } from "@/components/pager";
import { Panel } from "@/components/panel";
import {
  actionKinds,
  isFiltered,
  noAuditFilters,
  toAuditQuery,
  type ActionKind,
  type AuditSearch,
} from "@/lib/audit-search";
import { cx } from "@/lib/cx";
import { isOperator } from "@/lib/roles";
import { fromLocalInput, toLocalInput } from "@/lib/time";
import { Button } from "@/ui/button";
import { Input } from "@/ui/input";
import { Select } from "@/ui/select";

const all = "all";

/** Who changed what, for those who run the relay. */
export function AuditPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/audit" });
  const navigate = useNavigate({ from: "/audit" });
  const { data: session } = useQuery(sessionQuery);
  const isAllowed = session ? isOperator(session.user.role) : null;
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...auditQuery(toAuditQuery(search)),
    enabled: isAllowed === true,
  });
  const change = (to: AuditSearch) =>
    void navigate({ search: (before) => ({ ...before, cursor: undefined, ...to }), replace: true });
  const filtered = isFiltered(search);
  return (
    <>
      <PageHeader title={t("audit.title")} lead={t("audit.lead")} action={null} />
      <div className="mt-6">
        {isAllowed === false && <p className="text-muted">{t("audit.forbidden")}</p>}
        {isAllowed && <Filters search={search} onChange={change} />}
        {error && (
          <ErrorNote error={error} title={t("audit.loadFailed")} onRetry={() => void refetch()} />
        )}
        {!data && !error && isAllowed !== false && (
          <span className="skeleton block h-64 rounded-panel!" />
        )}
        {data?.items.length === 0 && (
          <Panel className="px-6! py-10!">
            <h2 className="text-lead font-semibold">
              {t(filtered ? "audit.filteredTitle" : "audit.emptyTitle")}
            </h2>
          </Panel>
        )}
        {data && data.items.length > 0 && (
          <div className={cx("transition-opacity", isPlaceholderData && "opacity-60")}>
            <AuditListing
              changes={data.items}
              onObject={(object) => change({ ...noAuditFilters, object })}
            />
          </div>
        )}
        {data && <Pager from="/audit" cursor={search.cursor} next={data.next_cursor} />}
      </div>
    </>
  );
}

interface FiltersProps {
  search: AuditSearch;
  onChange: (to: AuditSearch) => void;
}

function Filters({ search, onChange }: FiltersProps) {
  const { t } = useTranslation();
  const local = (iso: string | undefined) => (iso === undefined ? "" : toLocalInput(iso));
  const time = (value: string) => fromLocalInput(value) ?? undefined;
  return (
    <div
      role="search"
      className="mb-3 grid grid-cols-1 gap-2 table:flex table:flex-wrap table:items-center"
    >
      <FilterText
        label={t("audit.actor")}
        value={search.actor}
        onChange={(actor) => onChange({ actor })}
        className="table:w-44"
      />
      <Select<ActionKind | typeof all>
        label={t("audit.action")}
        value={search.kind ?? all}
        onChange={(kind) => onChange({ kind: kind === all ? undefined : kind })}
        options={[
          { value: all, label: t("audit.everyAction") },
          ...actionKinds.map((value) => ({ value, label: t(`audit.kinds.${value}`) })),
        ]}
      />
      <FilterText
        label={t("audit.object")}
        value={search.object}
        onChange={(object) => onChange({ object })}
        className="table:w-48"
      />
      <div className="grid grid-cols-1 gap-2 table:flex">
        {(["since", "until"] as const).map((end) => (
          <label key={end} className="flex items-center gap-2 text-head text-muted">
            <span className="max-table:w-12">{t(`audit.${end}`)}</span>
            <Input
              type="datetime-local"
              value={local(search[end])}
              onChange={(event) => onChange({ [end]: time(event.target.value) })}
            />
          </label>
        ))}
      </div>
      {isFiltered(search) && (
        <Button variant="quiet" onClick={() => onChange(noAuditFilters)}>
          {t("tokens.clearFilters")}
        </Button>
      )}
    </div>
  );
}
