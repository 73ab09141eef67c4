import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys, sessionsQuery } from "@/api/queries";
import type { SessionSeen } from "@/api/types";
import { formatExact, formatRelative } from "@/lib/time";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { toasts } from "@/ui/toast";

import { useBrowserName } from "./browser-name";
import { ErrorNote } from "./error-note";
import { Section } from "./panel";

/** Where one is signed in, and an end to it. */
export function Sessions() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(sessionsQuery);
  const [isEnding, setEnding] = useState(false);
  return (
    <Section
      title={t("sessions.title")}
      aside={
        data &&
        data.items.length > 1 && (
          <Button size="small" onClick={() => setEnding(true)}>
            {t("sessions.endOthers")}
          </Button>
        )
      }
    >
      <p className="mb-2 text-muted">{t("sessions.lead")}</p>
      {error && (
        <ErrorNote error={error} title={t("sessions.loadFailed")} onRetry={() => void refetch()} />
      )}
      {!data && !error && <span className="skeleton block h-16 rounded-panel!" />}
      {data && (
        <ul
          aria-label={t("sessions.title")}
          className="rounded-panel border border-line-strong bg-surface"
        >
          {data.items.map((session) => (
            <SessionLine key={session.id} session={session} />
          ))}
        </ul>
      )}
      {isEnding && <EndOthers onClose={() => setEnding(false)} />}
    </Section>
  );
}

function SessionLine({ session }: { session: SessionSeen }) {
  const { t, i18n } = useTranslation();
  const queryClient = useQueryClient();
  const browser = useBrowserName()(session.user_agent ?? "");
  const address = session.address ?? t("common.dash");
  const end = useMutation<unknown, ApiError>({
    mutationFn: () => api.DELETE("/api/v1/sessions/{id}", { params: { path: { id: session.id } } }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.sessions });
      toasts.add({ type: "plain", title: t("sessions.endedToast"), priority: "low" });
    },
  });
  const when = (iso: string) => formatRelative(iso, i18n.language);
  return (
    <li className="flex items-start gap-4 border-t border-line py-3 pr-2 pl-4 first:border-t-0">
      <div className="flex min-w-0 flex-1 flex-col gap-1">
        <p className="flex flex-wrap items-baseline gap-x-3">
          <span className="font-medium" title={session.user_agent ?? undefined}>
            {browser}
          </span>
          {session.current && <span className="text-head text-ok">{t("sessions.current")}</span>}
        </p>
        <p className="tabular flex flex-wrap gap-x-4 text-head text-muted">
          <span className="font-mono break-all">{address}</span>
          <span title={formatExact(session.last_seen_at, i18n.language)}>
            {t("sessions.seen", { when: when(session.last_seen_at) })}
          </span>
          <span title={formatExact(session.created_at, i18n.language)}>
            {t("sessions.began", { when: when(session.created_at) })}
          </span>
        </p>
        {end.error && <ErrorNote error={end.error} />}
      </div>
      {!session.current && (
        <Button
          size="small"
          isBusy={end.isPending}
          aria-label={t("sessions.endOf", { browser, address })}
          onClick={() => end.mutate()}
        >
          {t("sessions.end")}
        </Button>
      )}
    </li>
  );
}

function EndOthers({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const end = useMutation<{ ended: number }, ApiError>({
    mutationFn: () => bodyOf(api.DELETE("/api/v1/sessions")),
    onSuccess: async ({ ended }) => {
      await queryClient.invalidateQueries({ queryKey: keys.sessions });
      const title = t("sessions.othersEndedToast", { count: ended });
      toasts.add({ type: "plain", title, priority: "low" });
      onClose();
    },
  });
  return (
    <Confirm
      isOpen
      onCancel={onClose}
      onConfirm={() => end.mutate()}
      title={t("sessions.endOthersTitle")}
      description={<p>{t("sessions.endOthersEffect")}</p>}
      confirmLabel={t("sessions.endOthers")}
      cancelLabel={t("common.cancel")}
      isBusy={end.isPending}
    >
      {end.error && <ErrorNote error={end.error} />}
    </Confirm>
  );
}
