import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys, runningQuery } from "@/api/queries";
import type { RunningRequest } from "@/api/types";
import { formatMoney } from "@/lib/money";
import { formatRelative } from "@/lib/time";
import { accountOf, type Scope } from "@/lib/usage-search";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { toasts } from "@/ui/toast";

import { ErrorNote } from "./error-note";

/** Requests that run now, read anew every two seconds; each can be ended. */
export function RunningRequests({
  scope,
  account,
}: {
  scope: Scope;
  /** Only this account's, where everybody's are shown. */
  account: string | undefined;
}) {
  const { t, i18n } = useTranslation();
  const { data } = useQuery(runningQuery(accountOf({ account }, scope)));
  const [ending, setEnding] = useState<RunningRequest | null>(null);
  const number = new Intl.NumberFormat(i18n.language);
  const running = data?.items ?? [];
  return (
    <>
      {running.length > 0 && (
        <section className="mb-6">
          <h2 className="mb-2 text-lead font-semibold">
            {t("usage.running", { count: running.length })}
          </h2>
          <ul className="rounded-panel border border-line-strong bg-surface">
            {running.map((one) => (
              <li
                key={one.request_id}
                className="flex items-center gap-4 border-t border-line px-4 py-2.5 first:border-t-0"
              >
                <span aria-hidden className="size-1.5 shrink-0 rounded-full bg-accent" />
                <span className="min-w-0 flex-1">
                  <span className="block truncate">
                    <span className="font-medium">{one.token_name ?? one.token_id}</span>{" "}
                    <span className="font-mono text-meta text-muted">{one.model}</span>
                  </span>
                  <span className="tabular block text-meta text-muted">
                    {scope === "all" && one.account_name && `${one.account_name} · `}
                    {t("usage.began", {
                      when: formatRelative(one.started_at, i18n.language),
                    })}{" "}
                    · {t("usage.soFar", { units: number.format(one.output_units) })} ·{" "}
                    {t("usage.held", { amount: formatMoney(one.held) })}
                  </span>
                </span>
                <Button
                  size="small"
                  aria-label={t("usage.endOf", { name: one.token_name ?? one.token_id })}
                  onClick={() => setEnding(one)}
                >
                  {t("usage.endNow")}
                </Button>
              </li>
            ))}
          </ul>
        </section>
      )}
      {ending && <EndRequest request={ending} onClose={() => setEnding(null)} />}
    </>
  );
}

function EndRequest({ request, onClose }: { request: RunningRequest; onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const end = useMutation<unknown, ApiError>({
    mutationFn: () =>
      api.DELETE("/api/v1/running-requests/{request_id}", {
        params: { path: { request_id: request.request_id } },
      }),
    onSuccess: () => {
      toasts.add({ type: "plain", title: t("usage.endedToast"), priority: "low" });
      onClose();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.usage }),
  });
  return (
    <Confirm
      isOpen
      onCancel={onClose}
      onConfirm={() => end.mutate()}
      title={t("usage.endTitle", { name: request.token_name ?? request.token_id })}
      description={t("usage.endLead")}
      confirmLabel={t("usage.endConfirm")}
      cancelLabel={t("common.cancel")}
      isBusy={end.isPending}
    >
      {end.error && <ErrorNote error={end.error} />}
    </Confirm>
  );
}
