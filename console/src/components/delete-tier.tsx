import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { TierInUse } from "@/api/types";
import { Confirm } from "@/ui/confirm";
import { toasts } from "@/ui/toast";

import { ErrorNote } from "./error-note";

export function DeleteTier({ item, onClose }: { item: TierInUse; onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const { id, name } = item.tier;
  const remove = useMutation<unknown, ApiError>({
    mutationFn: () => api.DELETE("/api/v1/tiers/{id}", { params: { path: { id } } }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.tiers });
      toasts.add({ type: "plain", title: t("tiers.deletedToast", { name }), priority: "low" });
      onClose();
    },
  });
  const why = item.standard
    ? t("tiers.deleteStandard")
    : item.accounts > 0
      ? t("tiers.deleteUsed", { count: item.accounts })
      : null;
  return (
    <Confirm
      isOpen
      onCancel={onClose}
      onConfirm={() => remove.mutate()}
      title={t("tiers.deleteTitle", { name })}
      description={why ?? t("tiers.deleteLead")}
      confirmLabel={t("tiers.deleteConfirm")}
      cancelLabel={t("common.cancel")}
      isBusy={remove.isPending}
      isImpossible={why !== null}
    >
      {remove.error && <ErrorNote error={remove.error} />}
    </Confirm>
  );
}
