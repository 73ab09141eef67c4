import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { NewWebhook } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { Field } from "@/ui/field";
import { FormDialog } from "@/ui/form-dialog";
import { Input } from "@/ui/input";

interface WebhookDialogProps {
  /** Where alerts go now; null is nowhere. */
  url: string | null;
  onClose: () => void;
  onMade: (made: NewWebhook) => void;
}

export function WebhookDialog({ url, onClose, onMade }: WebhookDialogProps) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [typed, setTyped] = useState(url ?? "");
  const save = useMutation<NewWebhook, ApiError>({
    mutationFn: () => bodyOf(api.PUT("/api/v1/webhook", { body: { url: typed.trim() } })),
    onSuccess: async (made) => {
      await queryClient.invalidateQueries({ queryKey: keys.alertPreferences });
      onMade(made);
    },
  });
  return (
    <FormDialog
      onClose={onClose}
      onSubmit={() => save.mutate()}
      title={t("alerts.webhookSet")}
      description={url !== null && <p>{t("alerts.webhookSecretNew")}</p>}
      submitLabel={t("common.save")}
      cancelLabel={t("common.cancel")}
      isBusy={save.isPending}
      isIncomplete={typed.trim() === ""}
    >
      <Field label={t("alerts.webhookUrl")} help={t("alerts.webhookUrlHelp")}>
        {(control) => (
          <Input
            {...control}
            type="url"
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
      </Field>
      {save.error && save.error.code !== "step_up_required" && <ErrorNote error={save.error} />}
    </FormDialog>
  );
}
