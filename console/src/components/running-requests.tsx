import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys, runningQuery } from "@/api/queries";
import { formatMoney } from "@/lib/money";
import { formatRelative } from "@/lib/time";
import { Button } from "@/ui/button";
import { toasts } from "@/ui/toast";

/** Requests that run now, read anew every two seconds; each can be ended. */
export function RunningRequests() {
  const { t, i18n } = useTranslation();
  const queryClient = useQueryClient();
  const { data } = useQuery(runningQuery);
  const end = useMutation<unknown, ApiError, string>({
    mutationFn: (id) =>
      api.DELETE("/api/v1/running-requests/{request_id}", {
        params: { path: { request_id: id } },
      }),
    onSuccess: () => toasts.add({ type: "plain", title: t("usage.endedToast"), priority: "low" }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.usage }),
  });
  if (!data || data.items.length === 0) return null;
  const number = new Intl.NumberFormat(i18n.language);
  return (
    <section className="mb-6">
      <h2 className="mb-2 text-lead font-semibold">
        {t("usage.running", { count: data.items.length })}
      </h2>
      <ul className="rounded-panel border border-line-strong bg-surface">
        {data.items.map((one) => (
          <li
            key={one.request_id}
            className="flex items-center gap-4 border-t border-line px-4 py-2.5 first:border-t-0"
          >
            <span aria-hidden className="size-1.5 shrink-0 rounded-full bg-accent" />
            <span className="min-w-0 flex-1 truncate">
              <span className="font-medium">{one.token_name ?? one.token_id}</span>{" "}
              <span className="font-mono text-meta text-muted">{one.model}</span>
              <span className="tabular block text-meta text-muted">
                {formatRelative(one.started_at, i18n.language)} ·{" "}
                {t("usage.soFar", { units: number.format(one.output_units) })} ·{" "}
                {t("usage.held", { amount: formatMoney(one.held) })}
              </span>
            </span>
            <Button size="small" onClick={() => end.mutate(one.request_id)}>
              {t("usage.endNow")}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
