import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";

import { accountQuery, groupsQuery, modelHealthQuery, modelsQuery } from "@/api/queries";
import type { Model } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { ModelSheet } from "@/components/model-sheet";
import { ModelList } from "@/components/model-table";
import { PageHeader } from "@/components/page-header";
import { Panel } from "@/components/panel";
import { SearchField } from "@/components/search-field";
import { combinePpm, default_group, modelsOf, providersOf } from "@/lib/models";
import type { ModelsSearch } from "@/lib/models-search";
import { formatMultiplier } from "@/lib/multiplier";
import { useRowWalk } from "@/lib/use-row-keys";
import { Button } from "@/ui/button";
import { Segmented } from "@/ui/segmented";
import { Select } from "@/ui/select";

const all = "all";
const one_ppm = 1_000_000;

/** What can be called, and what it costs the reader. */
export function ModelsPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/models" });
  const navigate = useNavigate({ from: "/models" });
  const { data, error, refetch } = useQuery(modelsQuery);
  const { data: told } = useQuery(modelHealthQuery);
  const health = useMemo(() => told && new Map(told.items.map((one) => [one.model, one])), [told]);
  const factor = useFactor(search.group);
  useRowWalk();
  const change = useCallback(
    (to: ModelsSearch) =>
      void navigate({ search: (before) => ({ ...before, ...to }), replace: true }),
    [navigate],
  );
  const shown = modelsOf(data?.items ?? [], search);
  const opened = data?.items.find((model) => model.id === search.open);
  return (
    <>
      <PageHeader title={t("nav.models")} lead={t("models.lead")} action={null} />
      <Toolbar models={data?.items ?? []} search={search} onChange={change} />
      {factor && factor.ppm !== one_ppm && (
        <p className="tabular mb-3 text-muted">
          {t("models.factor", {
            factor: formatMultiplier(factor.ppm),
            tier: factor.tier,
            tierFactor: formatMultiplier(factor.tierPpm),
            group: factor.group,
            groupFactor: formatMultiplier(factor.groupPpm),
          })}
        </p>
      )}
      {error && (
        <ErrorNote error={error} title={t("models.loadFailed")} onRetry={() => void refetch()} />
      )}
      {!error && (!data || !factor) && <span className="skeleton block h-96 rounded-panel!" />}
      {data && factor && shown.length > 0 && (
        <ModelList
          models={shown}
          ppm={factor.ppm}
          health={health}
          onOpen={(model) => change({ open: model.id })}
        />
      )}
      {data && shown.length === 0 && (
        <Empty
          isFiltered={data.items.length > 0}
          onClear={() => change({ search: undefined, provider: undefined, served: undefined })}
        />
      )}
      {opened && factor && (
        <ModelSheet
          model={opened}
          ppm={factor.ppm}
          health={health?.get(opened.id)}
          onClose={() => change({ open: undefined })}
        />
      )}
    </>
  );
}

/** The reader's own factor on every price, and what it is made of. */
function useFactor(wanted: string | undefined) {
  const { data: account } = useQuery(accountQuery);
  const { data: groups } = useQuery(groupsQuery);
  if (!account || !groups) return undefined;
  const group = groups.items.find((one) => one.name === (wanted ?? default_group));
  const groupPpm = group?.multiplier_ppm ?? one_ppm;
  const tierPpm = account.tier.multiplier_ppm;
  return {
    ppm: combinePpm(tierPpm, groupPpm),
    tier: account.tier.name,
    tierPpm,
    group: group?.name ?? default_group,
    groupPpm,
  };
}

interface ToolbarProps {
  models: readonly Model[];
  search: ModelsSearch;
  onChange: (change: ModelsSearch) => void;
}

function Toolbar({ models, search, onChange }: ToolbarProps) {
  const { t } = useTranslation();
  const { data: groups } = useQuery(groupsQuery);
  const find = useCallback((text: string | undefined) => onChange({ search: text }), [onChange]);
  const either = (value: string) => (value === all ? undefined : value);
  return (
    <div role="search" className="mt-6 mb-3 flex flex-wrap items-center gap-2">
      <SearchField
        label={t("models.search")}
        placeholder={t("models.searchPlaceholder")}
        value={search.search}
        onChange={find}
        className="w-full table:w-72"
      />
      <Select
        label={t("models.provider")}
        value={search.provider ?? all}
        onChange={(value) => onChange({ provider: either(value) })}
        options={[
          { value: all, label: t("models.everyProvider") },
          ...providersOf(models).map((value) => ({ value, label: value })),
        ]}
      />
      {groups && groups.items.length > 1 && (
        <Select
          label={t("models.group")}
          value={search.group ?? default_group}
          onChange={(value) => onChange({ group: value === default_group ? undefined : value })}
          options={groups.items.map((group) => ({
            value: group.name,
            label: t("models.groupOf", {
              name: group.name,
              factor: formatMultiplier(group.multiplier_ppm),
            }),
          }))}
        />
      )}
      <Segmented
        label={t("models.status")}
        value={search.served ?? "0"}
        onChange={(value) => onChange({ served: value === "1" ? "1" : undefined })}
        options={[
          { value: "0" as const, label: t("tokens.all") },
          { value: "1" as const, label: t("models.served") },
        ]}
      />
    </div>
  );
}

function Empty({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  const { t } = useTranslation();
  return (
    <Panel className="px-6! py-10!">
      <h2 className="text-lead font-semibold">
        {t(isFiltered ? "tokens.filteredTitle" : "models.emptyTitle")}
      </h2>
      <p className="mt-1 text-muted">
        {t(isFiltered ? "models.filteredLead" : "models.emptyLead")}
      </p>
      {isFiltered && (
        <Button className="mt-4" onClick={onClear}>
          {t("tokens.clearFilters")}
        </Button>
      )}
    </Panel>
  );
}
