import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useForm } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { Tier } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/ui/button";
import { Sheet } from "@/ui/sheet";
import { toasts } from "@/ui/toast";

import { LimitFields, ReachFields, TermFields } from "./tier-fields";
import {
  emptyTier,
  newTier,
  tierChange,
  tierSchema,
  valuesOfTier,
  type TierValues,
} from "./tier-values";

interface TierSheetProps {
  /** The tier to edit; null makes a new one. */
  tier: Tier | null;
  onClose: () => void;
}

export function TierSheet({ tier, onClose }: TierSheetProps) {
  const { t } = useTranslation();
  const form = useForm<TierValues>({
    resolver: zodResolver(tierSchema),
    defaultValues: tier ? valuesOfTier(tier) : emptyTier,
  });
  const save = useSaveTier(tier, onClose);
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={tier ? t("tiers.editTitle", { name: tier.name }) : t("tiers.addTitle")}
      closeLabel={t("common.close")}
    >
      <form
        noValidate
        className="flex min-h-0 flex-1 flex-col"
        onSubmit={(event) => void form.handleSubmit((values) => save.mutate(values))(event)}
      >
        <div className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
          {tier && (
            <p className="rounded-panel bg-sunken px-3.5 py-3 text-head">
              {t("tiers.keepsTokens")}
            </p>
          )}
          <TermFields form={form} />
          <ReachFields form={form} />
          <LimitFields form={form} />
          {save.error && <ErrorNote error={save.error} />}
        </div>
        <footer className="flex shrink-0 justify-end gap-2 border-t border-line px-5 py-3">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" variant="primary" isBusy={save.isPending}>
            {t("common.save")}
          </Button>
        </footer>
      </form>
    </Sheet>
  );
}

function useSaveTier(tier: Tier | null, onClose: () => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation<Tier, ApiError, TierValues>({
    mutationFn: (values) =>
      tier
        ? bodyOf(
            api.PATCH("/api/v1/tiers/{id}", {
              params: { path: { id: tier.id } },
              // What somebody else changed meanwhile is not written over.
              headers: { "if-match": `"${tier.version}"` },
              body: tierChange(values),
            }),
          )
        : bodyOf(api.POST("/api/v1/tiers", { body: newTier(values) })),
    onSuccess: async (saved) => {
      await queryClient.invalidateQueries({ queryKey: keys.tiers });
      for (const queryKey of [keys.account, keys.tokens, keys.models, keys.groups]) {
        void queryClient.invalidateQueries({ queryKey });
      }
      const title = t(tier ? "tiers.savedToast" : "tiers.addedToast", { name: saved.name });
      toasts.add({ type: "plain", title, priority: "low" });
      onClose();
    },
  });
}
