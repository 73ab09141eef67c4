import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { factorsQuery, keys } from "@/api/queries";
import type { ProposedTotp, RecoveryCodes } from "@/api/types";
import { FactorSheet } from "@/forms/factor-sheet";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { toasts } from "@/ui/toast";

import { ErrorNote } from "./error-note";
import { Panel, Section } from "./panel";

/** The authenticator app that is asked for after the password, and what replaces a lost one. */
export function SecondFactor() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(factorsQuery);
  const [proposed, setProposed] = useState<ProposedTotp | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [isRemoving, setRemoving] = useState(false);
  const queryClient = useQueryClient();
  const propose = useMutation<ProposedTotp, ApiError>({
    mutationFn: () => bodyOf(api.POST("/api/v1/factors/totp")),
    onSuccess: setProposed,
  });
  const renew = useMutation<RecoveryCodes, ApiError>({
    mutationFn: () => bodyOf(api.POST("/api/v1/factors/recovery-codes")),
    onSuccess: ({ recovery_codes }) => {
      setCodes(recovery_codes);
      void queryClient.invalidateQueries({ queryKey: keys.factors });
    },
  });
  const failure = propose.error ?? renew.error;
  return (
    <Section
      title={t("factors.title")}
      aside={
        data &&
        !data.totp && (
          <Button size="small" isBusy={propose.isPending} onClick={() => propose.mutate()}>
            {t("factors.add")}
          </Button>
        )
      }
    >
      <p className="mb-2 text-muted">{t("factors.lead")}</p>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {!data && !error && <span className="skeleton block h-16 rounded-panel!" />}
      {data && (
        <Panel className="flex flex-wrap items-center justify-between gap-3">
          <div>
            <p>{data.totp ? t("factors.on") : t("factors.off")}</p>
            {data.totp && (
              <p className="tabular text-head text-muted">
                {t("factors.codesLeft", { left: data.recovery_codes_left })}
              </p>
            )}
          </div>
          {data.totp && (
            <div className="flex flex-wrap gap-2">
              <Button size="small" isBusy={renew.isPending} onClick={() => renew.mutate()}>
                {t("factors.renew")}
              </Button>
              <Button size="small" onClick={() => setRemoving(true)}>
                {t("factors.remove")}
              </Button>
            </div>
          )}
        </Panel>
      )}
      {failure && failure.code !== "step_up_required" && (
        <div className="mt-2">
          <ErrorNote error={failure} />
        </div>
      )}
      {(proposed || codes) && (
        <FactorSheet
          proposed={proposed}
          codes={codes}
          onCodes={setCodes}
          onClose={() => {
            setProposed(null);
            setCodes(null);
          }}
        />
      )}
      {isRemoving && <RemoveFactor onClose={() => setRemoving(false)} />}
    </Section>
  );
}

function RemoveFactor({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const remove = useMutation<unknown, ApiError>({
    mutationFn: () => api.DELETE("/api/v1/factors/totp"),
    onSuccess: async () => {
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: keys.factors }),
        queryClient.invalidateQueries({ queryKey: keys.session }),
      ]);
      toasts.add({ type: "plain", title: t("factors.removedToast"), priority: "low" });
      onClose();
    },
  });
  return (
    <Confirm
      isOpen
      onCancel={onClose}
      onConfirm={() => remove.mutate()}
      title={t("factors.removeTitle")}
      description={<p>{t("factors.removeEffect")}</p>}
      confirmLabel={t("factors.remove")}
      cancelLabel={t("common.cancel")}
      isBusy={remove.isPending}
    >
      {remove.error && <ErrorNote error={remove.error} />}
    </Confirm>
  );
}
