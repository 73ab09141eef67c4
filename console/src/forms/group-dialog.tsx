import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { Group } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { fromPpm, toPpm } from "@/lib/multiplier";
import { Field } from "@/ui/field";
import { FormDialog } from "@/ui/form-dialog";
import { Input } from "@/ui/input";
import { toasts } from "@/ui/toast";

interface GroupDialogProps {
  /** The group to change; null makes a new one. */
  group: Group | null;
  onClose: () => void;
}

export function GroupDialog({ group, onClose }: GroupDialogProps) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [name, setName] = useState(group?.name ?? "");
  const [factor, setFactor] = useState(group ? fromPpm(group.multiplier_ppm) : "1");
  const ppm = toPpm(factor);
  const save = useMutation<Group, ApiError, number>({
    mutationFn: (multiplier_ppm) =>
      bodyOf(
        api.PUT("/api/v1/groups/{name}", {
          params: { path: { name: name.trim() } },
          body: { multiplier_ppm },
        }),
      ),
    onSuccess: async (saved) => {
      await queryClient.invalidateQueries({ queryKey: keys.groups });
      const title = t("groups.savedToast", { name: saved.name });
      toasts.add({ type: "plain", title, priority: "low" });
      onClose();
    },
  });
  return (
    <FormDialog
      onClose={onClose}
      onSubmit={() => ppm !== null && save.mutate(ppm)}
      title={group ? t("groups.editTitle", { name: group.name }) : t("groups.add")}
      submitLabel={t("common.save")}
      cancelLabel={t("common.cancel")}
      isBusy={save.isPending}
      isIncomplete={name.trim() === "" || ppm === null}
    >
      {!group && (
        <Field label={t("groups.name")} help={t("groups.nameHelp")}>
          {(field) => (
            <Input
              {...field}
              autoComplete="off"
              maxLength={64}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
      )}
      <Field
        label={t("groups.multiplier")}
        help={t("groups.multiplierHelp")}
        error={factor.trim() !== "" && ppm === null ? t("validation.multiplier") : undefined}
      >
        {(field) => (
          <Input
            {...field}
            inputMode="decimal"
            autoComplete="off"
            lead="×"
            className="tabular"
            value={factor}
            onChange={(event) => setFactor(event.target.value)}
          />
        )}
      </Field>
      {save.error && <ErrorNote error={save.error} />}
    </FormDialog>
  );
}
