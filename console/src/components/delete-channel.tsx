import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { Channel } from "@/api/types";
import { Confirm } from "@/ui/confirm";
import { toasts } from "@/ui/toast";

import { ErrorNote } from "./error-note";

export function DeleteChannel({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const remove = useMutation<unknown, ApiError>({
    mutationFn: () => api.DELETE("/api/v1/channels/{id}", { params: { path: { id: channel.id } } }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.channels });
      void queryClient.invalidateQueries({ queryKey: keys.models });
      toasts.add({
        type: "plain",
        title: t("channels.deletedToast", { name: channel.name }),
        priority: "low",
      });
      onClose();
    },
  });
  return (
    <Confirm
      isOpen
      onCancel={onClose}
      onConfirm={() => remove.mutate()}
      title={t("channels.deleteTitle", { name: channel.name })}
      description={t("channels.deleteLead")}
      confirmLabel={t("channels.deleteConfirm")}
      cancelLabel={t("common.cancel")}
      isBusy={remove.isPending}
    >
      {remove.error && <ErrorNote error={remove.error} />}
    </Confirm>
  );
}
