import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { modelsQuery } from "@/api/queries";
import {
  dues,
  isNarrowed,
  noTokenFilters,
  statuses,
  type TokenSort,
  type TokensSearch,
} from "@/lib/tokens-search";
import { useHasTable } from "@/lib/use-media";
import { Button } from "@/ui/button";
import { Select } from "@/ui/select";

import { FilterText } from "./filter-text";
import { SearchField } from "./search-field";

const sortTexts = {
  "-created_at": "tokens.sortNewest",
  created_at: "tokens.sortOldest",
  name: "tokens.sortName",
  "-name": "tokens.sortNameDown",
  "-used_quota": "tokens.sortUsed",
  used_quota: "tokens.sortUsedUp",
  expires_at: "tokens.sortExpiry",
} as const satisfies Record<TokenSort, string>;

interface TokensToolbarProps {
  search: TokensSearch;
  sort: TokenSort;
  onChange: (change: Pick<TokensSearch, "search" | "status" | "due" | "called" | "sort">) => void;
}

/** Search, filter and, where there are no column heads, the order. All of it lives in the address. */
export function TokensToolbar({ search, sort, onChange }: TokensToolbarProps) {
  const { t } = useTranslation();
  const hasTable = useHasTable();
  const { data: models } = useQuery(modelsQuery);
  const find = useCallback((text: string | undefined) => onChange({ search: text }), [onChange]);

  return (
    <div role="search" className="mt-6 mb-3 flex flex-wrap items-center gap-2">
      <SearchField
        label={t("tokens.search")}
        placeholder={t("tokens.searchPlaceholder")}
        value={search.search}
        onChange={find}
        className="w-full table:w-72"
      />
      <Select
        label={t("tokens.filterStatus")}
        value={search.status ?? "all"}
        onChange={(status) => onChange({ status: status === "all" ? undefined : status })}
        options={[
          { value: "all" as const, label: t("tokens.all") },
          ...statuses.map((value) => ({ value, label: t(`tokens.status.${value}`) })),
        ]}
      />
      <Select
        label={t("tokens.filterDue")}
        value={search.due ?? "all"}
        onChange={(due) => onChange({ due: due === "all" ? undefined : due })}
        options={[
          { value: "all" as const, label: t("tokens.due_any") },
          ...dues.map((value) => ({ value, label: t(`tokens.due_${value}`) })),
        ]}
      />
      <FilterText
        label={t("tokens.filterCalled")}
        value={search.called}
        onChange={(called) => onChange({ called })}
        suggestions={models?.items.map((model) => model.id) ?? []}
        className="w-40"
      />
      {isNarrowed(search) && (
        <Button variant="quiet" onClick={() => onChange(noTokenFilters)}>
          {t("tokens.clearFilters")}
        </Button>
      )}
      {!hasTable && (
        <Select
          label={t("tokens.sort")}
          value={sort}
          onChange={(next) => onChange({ sort: next })}
          options={Object.entries(sortTexts).map(([value, key]) => ({
            value: value as TokenSort,
            label: t(key),
          }))}
        />
      )}
    </div>
  );
}
