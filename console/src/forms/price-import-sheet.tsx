import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { PriceImport } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { PriceImportDiff } from "@/components/price-import-diff";
import { Button } from "@/ui/button";
import { Sheet } from "@/ui/sheet";
import { toasts } from "@/ui/toast";

import { PriceListChoice } from "./price-list-choice";

/** What was chosen: the list, whose models to take of it, and which not. */
export interface ChosenList {
  text: string;
  providers: string;
  except: readonly string[];
}

/** A price list of another program: chosen, compared, and taken over as it was shown. */
export function PriceImportSheet({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<ChosenList | null>(null);
  const preview = usePreview();
  const apply = useApply(onClose);
  const compare = (list: ChosenList) => {
    setChosen(list);
    apply.reset();
    preview.mutate(list);
  };
  const shown = preview.data;
  const changing = shown ? shown.added + shown.changed : 0;
  const leave = (model: string) => {
    if (!chosen) return;
    const isOut = chosen.except.includes(model);
    const except = isOut ? chosen.except.filter((one) => one !== model) : [...chosen.except, model];
    compare({ ...chosen, except });
  };
  const isStale = apply.error?.status === 412;
  return (
    <Sheet isOpen onClose={onClose} title={t("prices.importTitle")} closeLabel={t("common.close")}>
      <div className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
        <p className="text-muted">{t("prices.importLead")}</p>
        <PriceListChoice isBusy={preview.isPending} onChosen={compare} />
        {preview.error && <ErrorNote error={preview.error} />}
        {preview.isPending && !shown && (
          <span className="skeleton block h-40 rounded-panel!">
            <span className="sr-only">{t("prices.previewing")}</span>
          </span>
        )}
        {shown && !preview.error && (
          <PriceImportDiff
            shown={shown}
            except={chosen?.except ?? []}
            isBusy={preview.isPending}
            onLeave={leave}
          />
        )}
        {apply.error && <ErrorNote error={apply.error} />}
      </div>
      <footer className="flex shrink-0 justify-end gap-2 border-t border-line px-5 py-3">
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        {isStale && chosen ? (
          <Button variant="primary" onClick={() => compare(chosen)}>
            {t("prices.recompare")}
          </Button>
        ) : (
          <Button
            variant="primary"
            isBusy={apply.isPending}
            disabled={!chosen || !shown || changing === 0 || preview.isPending}
            onClick={() => chosen && shown && apply.mutate({ ...chosen, digest: shown.digest })}
          >
            {t("prices.apply", { count: changing })}
          </Button>
        )}
      </footer>
    </Sheet>
  );
}

function queryOf({ providers, except }: ChosenList) {
  return {
    format: "litellm" as const,
    ...(providers === "" ? {} : { providers }),
    ...(except.length === 0 ? {} : { except: except.join(",") }),
  };
}

/** The list goes as it is: to read megabytes into objects and write them again would gain nothing. */
const asItIs = (text: string) => ({
  body: text as unknown as Record<string, never>,
  bodySerializer: (body: unknown) => body as string,
  headers: { "content-type": "application/json" },
});

function usePreview() {
  return useMutation<PriceImport, ApiError, ChosenList>({
    mutationFn: (list) =>
      bodyOf(
        api.POST("/api/v1/price-imports/preview", {
          params: { query: queryOf(list) },
          ...asItIs(list.text),
        }),
      ),
  });
}

function useApply(onClose: () => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation<PriceImport, ApiError, ChosenList & { digest: string }>({
    mutationFn: ({ digest, ...list }) =>
      bodyOf(
        api.POST("/api/v1/price-imports", {
          params: { query: { ...queryOf(list), digest } },
          ...asItIs(list.text),
        }),
      ),
    onSuccess: async ({ added, changed }) => {
      await queryClient.invalidateQueries({ queryKey: keys.prices });
      void queryClient.invalidateQueries({ queryKey: keys.models });
      const title = t("prices.imported", { added, changed });
      toasts.add({ type: "plain", title, priority: "low" });
      onClose();
    },
  });
}
