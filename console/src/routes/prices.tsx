import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus, Upload } from "lucide-react";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { priceBookQuery, sessionQuery } from "@/api/queries";
import type { BookedPrice, ModelPrice } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { MissingPrices } from "@/components/missing-prices";
import { PageHeader } from "@/components/page-header";
import { Panel } from "@/components/panel";
import { PriceList } from "@/components/price-list";
import { PriceSheet } from "@/components/price-sheet";
import { SearchField } from "@/components/search-field";
import { PriceFormSheet } from "@/forms/price-form-sheet";
import { PriceImportSheet } from "@/forms/price-import-sheet";
import { pricesOf } from "@/lib/prices";
import { priceSources, type PriceSource, type PricesSearch } from "@/lib/prices-search";
import { isOperator } from "@/lib/roles";
import { useRowWalk } from "@/lib/use-row-keys";
import { useShortcut } from "@/lib/use-shortcut";
import { Button } from "@/ui/button";
import { Select } from "@/ui/select";

const all = "all";

/** A model whose price is being written; without a name, a new one. */
interface Editing {
  model: string;
  price: ModelPrice | null;
}

/** The price book: what models cost, where a price is missing, and lists that are imported. */
export function PricesPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/prices" });
  const navigate = useNavigate({ from: "/prices" });
  const { data: session } = useQuery(sessionQuery);
  const isAllowed = session ? isOperator(session.user.role) : null;
  const { data, error, refetch } = useQuery({ ...priceBookQuery, enabled: isAllowed === true });
  const [editing, setEditing] = useState<Editing | null>(null);
  const [isImporting, setIsImporting] = useState(false);
  useRowWalk();
  useShortcut("c", () => isAllowed && setEditing({ model: "", price: null }));
  const change = useCallback(
    (to: PricesSearch) =>
      void navigate({ search: (before) => ({ ...before, ...to }), replace: true }),
    [navigate],
  );
  const items = data?.items ?? [];
  const shown = pricesOf(items, search);
  const opened = items.find((item) => item.model === search.open);
  const edit = ({ model, price }: BookedPrice) => {
    change({ open: undefined });
    setEditing({ model, price });
  };
  return (
    <>
      <PageHeader
        title={t("nav.prices")}
        lead={t("prices.lead")}
        action={
          isAllowed && (
            <div className="flex flex-wrap gap-2">
              <Button
                icon={<Upload size={16} strokeWidth={1.75} aria-hidden />}
                onClick={() => setIsImporting(true)}
              >
                {t("prices.import")}
              </Button>
              <Button
                variant="primary"
                icon={<Plus size={16} strokeWidth={1.75} aria-hidden />}
                onClick={() => setEditing({ model: "", price: null })}
              >
                {t("prices.add")}
              </Button>
            </div>
          )
        }
      />
      {isAllowed === false && <p className="mt-6 text-muted">{t("prices.forbidden")}</p>}
      {data && (
        <MissingPrices
          missing={data.missing}
          onSet={(model) => setEditing({ model, price: null })}
        />
      )}
      {isAllowed !== false && <Toolbar items={items} search={search} onChange={change} />}
      {error && (
        <ErrorNote error={error} title={t("prices.loadFailed")} onRetry={() => void refetch()} />
      )}
      {!data && !error && isAllowed !== false && (
        <span className="skeleton block h-96 rounded-panel!" />
      )}
      {shown.length > 0 && (
        <PriceList items={shown} onOpen={(item) => change({ open: item.model })} />
      )}
      {data && shown.length === 0 && (
        <Panel className="px-6! py-10!">
          <p className="text-muted">{t("prices.empty")}</p>
          <Button
            className="mt-4"
            onClick={() => change({ search: undefined, provider: undefined, source: undefined })}
          >
            {t("prices.clear")}
          </Button>
        </Panel>
      )}
      {opened && (
        <PriceSheet
          item={opened}
          onEdit={() => edit(opened)}
          onClose={() => change({ open: undefined })}
        />
      )}
      {editing && <PriceFormSheet {...editing} onClose={() => setEditing(null)} />}
      {isImporting && <PriceImportSheet onClose={() => setIsImporting(false)} />}
    </>
  );
}

interface ToolbarProps {
  items: readonly BookedPrice[];
  search: PricesSearch;
  onChange: (change: PricesSearch) => void;
}

function Toolbar({ items, search, onChange }: ToolbarProps) {
  const { t } = useTranslation();
  const find = useCallback((text: string | undefined) => onChange({ search: text }), [onChange]);
  const providers = [...new Set(items.map((item) => item.provider))].sort();
  return (
    <div role="search" className="mt-6 mb-3 flex flex-wrap items-center gap-2">
      <SearchField
        label={t("prices.search")}
        placeholder={t("prices.searchPlaceholder")}
        value={search.search}
        onChange={find}
        className="w-full table:w-72"
      />
      <Select
        label={t("prices.provider")}
        value={search.provider ?? all}
        onChange={(value) => onChange({ provider: value === all ? undefined : value })}
        options={[
          { value: all, label: t("prices.everyProvider") },
          ...providers.map((value) => ({ value, label: value })),
        ]}
      />
      <Select<PriceSource | typeof all>
        label={t("prices.source")}
        value={search.source ?? all}
        onChange={(value) => onChange({ source: value === all ? undefined : value })}
        options={[
          { value: all, label: t("prices.everySource") },
          ...priceSources.map((value) => ({ value, label: t(`prices.source_${value}`) })),
        ]}
      />
    </div>
  );
}
