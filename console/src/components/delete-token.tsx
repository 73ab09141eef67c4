import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { Token } from "@/api/types";
import { formatRelative } from "@/lib/time";
import { Confirm } from "@/ui/confirm";
import { toasts } from "@/ui/toast";

import { ErrorNote } from "./error-note";

interface DeleteTokenProps {
  token: Token;
  onClose: () => void;
  /** It is gone; otherwise the dialog just closes. */
  onDeleted?: () => void;
}

/** Asks once, and says what breaks. */
export function DeleteToken({ token, onClose, onDeleted = onClose }: DeleteTokenProps) {
  const { t, i18n } = useTranslation();
  const queryClient = useQueryClient();
  const remove = useMutation<unknown, ApiError>({
    mutationFn: () => api.DELETE("/api/v1/tokens/{id}", { params: { path: { id: token.id } } }),
    onSuccess: async () => {
      // Its own page would ask for it again and be told that there is no such token.
      await queryClient.invalidateQueries({ queryKey: [...keys.tokens, "list"] });
      toasts.add({
        type: "plain",
        title: t("tokens.deletedToast", { name: token.name }),
        priority: "low",
      });
      onDeleted();
    },
  });
  const lastUse = token.last_used_at
    ? t("deleteToken.lastUsed", {
        when: formatRelative(token.last_used_at, i18n.language),
        requests: new Intl.NumberFormat(i18n.language).format(token.requests),
      })
    : t("deleteToken.neverUsed");
  return (
    <Confirm
      isOpen
      onCancel={onClose}
      onConfirm={() => remove.mutate()}
      title={t("deleteToken.title", { name: token.name })}
      description={
        <>
          <p className="font-medium text-ink">{t("deleteToken.irreversible")}</p>
          <p>{t("deleteToken.effect")}</p>
          <p>{lastUse}</p>
        </>
      }
      confirmLabel={t("deleteToken.confirm")}
      cancelLabel={t("common.cancel")}
      isBusy={remove.isPending}
    >
      {remove.error && <ErrorNote error={remove.error} />}
    </Confirm>
  );
}
