import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { RedemptionCode } from "@/api/types";
import { Confirm } from "@/ui/confirm";
import { toasts } from "@/ui/toast";

import { ErrorNote } from "./error-note";

interface RevokeCodeProps {
  code: RedemptionCode;
  onClose: () => void;
}

/** Asks before what is left of a code ends. */
export function RevokeCode({ code, onClose }: RevokeCodeProps) {
  const { t } = useTranslation();
  const path = { id: code.id };
  return (
    <AskToRevoke
      title={t("codes.revokeTitle", { hint: code.hint })}
      confirmLabel={t("codes.revokeConfirm")}
      revoke={async () => {
        await bodyOf(api.POST("/api/v1/redemption-codes/{id}/revoke", { params: { path } }));
        return t("codes.revokedToast", { hint: code.hint });
      }}
      onClose={onClose}
    />
  );
}

/** Asks before what is left of all codes that were made together ends. */
export function RevokeBatch({ batch, onClose }: { batch: string; onClose: () => void }) {
  const { t } = useTranslation();
  const path = { id: batch };
  return (
    <AskToRevoke
      title={t("codes.revokeBatchTitle")}
      confirmLabel={t("codes.revokeBatchConfirm")}
      revoke={async () => {
        const call = api.POST("/api/v1/redemption-batches/{id}/revoke", { params: { path } });
        const { revoked } = await bodyOf(call);
        return t("codes.revokedBatchToast", { count: revoked });
      }}
      onClose={onClose}
    />
  );
}

interface AskToRevokeProps {
  title: string;
  confirmLabel: string;
  /** Does it, and gives what is told after. */
  revoke: () => Promise<string>;
  onClose: () => void;
}

function AskToRevoke({ title, confirmLabel, revoke, onClose }: AskToRevokeProps) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const run = useMutation<string, ApiError>({
    mutationFn: revoke,
    onSuccess: async (told) => {
      await queryClient.invalidateQueries({ queryKey: keys.codes });
      toasts.add({ type: "plain", title: told, priority: "low" });
      onClose();
    },
  });
  return (
    <Confirm
      isOpen
      onCancel={onClose}
      onConfirm={() => run.mutate()}
      title={title}
      description={t("codes.revokeLead")}
      confirmLabel={confirmLabel}
      cancelLabel={t("common.cancel")}
      isBusy={run.isPending}
    >
      {run.error && <ErrorNote error={run.error} />}
    </Confirm>
  );
}
