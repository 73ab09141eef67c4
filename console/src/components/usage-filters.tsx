import { useQuery } from "@tanstack/react-query";
import { ListFilter } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { modelsQuery, tokensQuery } from "@/api/queries";
import { cx } from "@/lib/cx";
import { amountInput } from "@/lib/money";
import { fromLocalInput, toLocalInput } from "@/lib/time";
import { useHasTable } from "@/lib/use-media";
import {
  accountOf,
  countFilters,
  endReasons,
  noFilters,
  ranges,
  type Scope,
  type UsageSearch,
} from "@/lib/usage-search";
import { Button } from "@/ui/button";
import { Input } from "@/ui/input";
import { Select } from "@/ui/select";

import { FilterText } from "./filter-text";

const all = "all";

interface UsageFiltersProps {
  scope: Scope;
  search: UsageSearch;
  onChange: (change: UsageSearch) => void;
}

/** What narrows the log. On a phone it is out of the way until it is asked for. */
export function UsageFilters({ scope, search, onChange }: UsageFiltersProps) {
  const { t } = useTranslation();
  const hasRoom = useHasTable();
  const [isOpen, setOpen] = useState(false);
  const panel = useId();
  const count = countFilters(search);
  return (
    <div role="search" className="mb-3">
      {!hasRoom && (
        <Button
          className="mb-2"
          icon={<ListFilter size={16} strokeWidth={1.75} aria-hidden />}
          aria-expanded={isOpen}
          aria-controls={panel}
          onClick={() => setOpen(!isOpen)}
        >
          {count === 0 ? t("usage.filters") : t("usage.filtersCount", { count })}
        </Button>
      )}
      <div
        id={panel}
        className={cx(
          "grid grid-cols-1 gap-2 table:flex table:flex-wrap table:items-center",
          !hasRoom && !isOpen && "hidden",
        )}
      >
        <TimeFilter search={search} onChange={onChange} />
        {scope === "all" && (
          <FilterText
            label={t("logs.accountFilter")}
            value={search.account}
            // Tokens are those of the account.
            onChange={(account) => onChange({ account, token: undefined })}
            className="table:w-52"
          />
        )}
        {scope === "own" || search.account !== undefined ? (
          <TokenFilter scope={scope} search={search} onChange={onChange} />
        ) : (
          // Everybody's tokens are too many to choose from; one comes with a link.
          search.token !== undefined && (
            <FilterText
              label={t("usage.token")}
              value={search.token}
              onChange={(token) => onChange({ token })}
              className="table:w-40"
            />
          )
        )}
        <Choices search={search} onChange={onChange} />
        <Texts search={search} onChange={onChange} />
        {count > 0 && (
          <Button variant="quiet" onClick={() => onChange(noFilters)}>
            {t("tokens.clearFilters")}
          </Button>
        )}
      </div>
    </div>
  );
}

function TimeFilter({ search, onChange }: Omit<UsageFiltersProps, "scope">) {
  const { t } = useTranslation();
  const local = (iso: string | undefined) => (iso === undefined ? "" : toLocalInput(iso));
  const time = (value: string) => fromLocalInput(value) ?? undefined;
  return (
    <>
      <Select
        label={t("usage.range")}
        value={search.range ?? all}
        onChange={(range) =>
          onChange({
            range: range === all ? undefined : range,
            since: undefined,
            until: undefined,
          })
        }
        options={[
          { value: all, label: t("usage.anyTime") },
          ...ranges.map((value) => ({ value, label: t(`usage.range_${value}`) })),
        ]}
      />
      {search.range === "custom" && (
        <>
          <Input
            type="datetime-local"
            aria-label={t("usage.since")}
            value={local(search.since)}
            onChange={(event) => onChange({ since: time(event.target.value) })}
          />
          <Input
            type="datetime-local"
            aria-label={t("usage.until")}
            value={local(search.until)}
            onChange={(event) => onChange({ until: time(event.target.value) })}
          />
        </>
      )}
    </>
  );
}

const either = <T extends string>(value: T | typeof all) => (value === all ? undefined : value);

function TokenFilter({ scope, search, onChange }: UsageFiltersProps) {
  const { t } = useTranslation();
  const { data: tokens } = useQuery(
    tokensQuery({ limit: 200, sort: "name", ...accountOf(search, scope) }),
  );
  return (
    <Select
      label={t("usage.token")}
      value={search.token ?? all}
      onChange={(value) => onChange({ token: either(value) })}
      options={[
        { value: all, label: t("usage.everyToken") },
        ...(tokens?.items ?? []).map((token) => ({ value: token.id, label: token.name })),
      ]}
      className="table:max-w-48"
    />
  );
}

function Choices({ search, onChange }: Omit<UsageFiltersProps, "scope">) {
  const { t } = useTranslation();
  return (
    <>
      <Select
        label={t("usage.ended")}
        value={search.end_reason ?? all}
        onChange={(value) => onChange({ end_reason: either(value) })}
        options={[
          { value: all, label: t("usage.everyEnd") },
          ...endReasons.map((end) => ({ value: end as string, label: t(`usage.end.${end}`) })),
        ]}
      />
      <Select
        label={t("usage.answer")}
        value={search.stream ?? all}
        onChange={(value) => onChange({ stream: either(value) })}
        options={[
          { value: all, label: t("usage.everyAnswer") },
          { value: "true" as const, label: t("usage.streamedAnswer") },
          { value: "false" as const, label: t("usage.wholeAnswer") },
        ]}
      />
    </>
  );
}

function Texts({ search, onChange }: Omit<UsageFiltersProps, "scope">) {
  const { t } = useTranslation();
  const { data: models } = useQuery(modelsQuery);
  return (
    <>
      <FilterText
        label={t("usage.model")}
        value={search.model}
        onChange={(model) => onChange({ model })}
        suggestions={models?.items.map((model) => model.id) ?? []}
        className="table:w-36"
      />
      <FilterText
        label={t("usage.minCharge")}
        value={search.min_charge}
        accepts={(text) => amountInput.test(text)}
        onChange={(min_charge) => onChange({ min_charge })}
        lead="$"
        className="tabular table:w-28"
      />
      <FilterText
        label={t("usage.requestId")}
        value={search.request_id}
        onChange={(request_id) => onChange({ request_id })}
        className="table:w-40"
      />
    </>
  );
}
