import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Pencil } from "lucide-react";
import { useTranslation } from "react-i18next";

import { api } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys, priceVersionsQuery } from "@/api/queries";
import type { BookedPrice, PriceVersion } from "@/api/types";
import { formatMoney } from "@/lib/money";
import type { PriceSource } from "@/lib/prices-search";
import { Button } from "@/ui/button";
import { Sheet } from "@/ui/sheet";
import { toasts } from "@/ui/toast";

import { ErrorNote } from "./error-note";
import { PriceBookEntry } from "./price-book-entry";
import { SourceWord, ValidFrom } from "./price-list";

const one_ppm = 1_000_000;

interface PriceSheetProps {
  item: BookedPrice;
  onEdit: () => void;
  onClose: () => void;
}

/** A model's price with its rules, and every other that it had and will have. */
export function PriceSheet({ item, onEdit, onClose }: PriceSheetProps) {
  const { t } = useTranslation();
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={<span className="font-mono text-lead">{item.model}</span>}
      closeLabel={t("common.close")}
    >
      <div className="flex flex-1 flex-col gap-6 overflow-y-auto px-5 py-5">
        <div className="flex items-start justify-between gap-4">
          <div className="flex flex-col gap-1">
            <SourceWord source={item.source} />
            <p className="text-head text-muted">
              {t(`prices.sourceHelp_${item.source as PriceSource}`)}
            </p>
          </div>
          <Button
            size="small"
            icon={<Pencil size={14} strokeWidth={1.75} aria-hidden />}
            onClick={onEdit}
          >
            {t("prices.edit")}
          </Button>
        </div>
        <section>
          <h3 className="mb-1 font-medium">{t("models.perMillion")}</h3>
          <PriceBookEntry price={item.price} ppm={one_ppm} />
        </section>
        <Versions model={item.model} />
      </div>
    </Sheet>
  );
}

function Versions({ model }: { model: string }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(priceVersionsQuery(model));
  return (
    <section>
      <h3 className="mb-1 font-medium">{t("prices.versionsTitle")}</h3>
      {error && (
        <ErrorNote
          error={error}
          title={t("prices.versionsFailed")}
          onRetry={() => void refetch()}
        />
      )}
      {!data && !error && <span className="skeleton block h-16 rounded-panel!" />}
      <ol>
        {data?.items.map((version) => (
          <li key={version.version} className="border-t border-line py-2">
            <VersionLine model={model} version={version} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function VersionLine({ model, version }: { model: string; version: PriceVersion }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const withdraw = useMutation<unknown, ApiError>({
    mutationFn: () =>
      api.DELETE("/api/v1/prices/{model}/versions/{version}", {
        params: { path: { model, version: version.version } },
      }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.prices });
      void queryClient.invalidateQueries({ queryKey: keys.models });
      const title = t("prices.withdrawn", { model, version: version.version });
      toasts.add({ type: "plain", title, priority: "low" });
    },
  });
  const rules = version.price.rules?.length ?? 0;
  const state = version.state as "current" | "past" | "upcoming";
  return (
    <>
      <div className="tabular flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <span className="flex flex-wrap items-baseline gap-x-3">
          <span className="font-medium">{t("prices.versionOf", { version: version.version })}</span>
          <SourceWord source={version.source} />
          <span className="text-head text-muted">{t(`prices.state_${state}`)}</span>
        </span>
        <span className="text-head text-muted">
          <ValidFrom at={version.valid_from} />
        </span>
      </div>
      <div className="tabular flex flex-wrap items-baseline justify-between gap-x-4 text-head text-muted">
        <span>
          {formatMoney(version.price.input)} → {formatMoney(version.price.output)}
          {rules > 0 && ` · ${t("prices.rulesCount", { count: rules })}`}
        </span>
        {state === "upcoming" && (
          <Button
            size="small"
            aria-label={t("prices.withdraw", { version: version.version })}
            isBusy={withdraw.isPending}
            onClick={() => withdraw.mutate()}
          >
            {t("prices.withdrawShort")}
          </Button>
        )}
      </div>
      {withdraw.error && <ErrorNote error={withdraw.error} />}
    </>
  );
}
