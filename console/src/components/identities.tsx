import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { identitiesQuery, instanceQuery, keys } from "@/api/queries";
import type { Identity, ProviderAddress } from "@/api/types";
import { leaveFor } from "@/lib/provider-visit";
import { formatDate, formatExact, formatRelative } from "@/lib/time";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { toasts } from "@/ui/toast";

import { ErrorNote } from "./error-note";
import { Section } from "./panel";

/** The services that one signs in by, beside the password or instead of it. */
export function Identities() {
  const { t } = useTranslation();
  const { data: instance } = useQuery(instanceQuery);
  const { data, error, refetch } = useQuery(identitiesQuery);
  const [leaving, setLeaving] = useState<Identity | null>(null);
  const connect = useMutation<ProviderAddress, ApiError, string>({
    mutationFn: (provider) => bodyOf(api.POST("/api/v1/identities", { body: { provider } })),
    onSuccess: ({ url }) => leaveFor(url, "/profile"),
  });
  const offered = (instance?.providers ?? []).filter(
    ({ id }) => data && !data.items.some((identity) => identity.provider === id),
  );
  const isOffered = instance && instance.providers.length > 0;
  // Most relays have none, and nothing to say of them.
  if (!isOffered && !data?.items.length) return null;
  return (
    <Section title={t("providers.title")}>
      <p className="mb-2 text-muted">{t("providers.lead")}</p>
      {error && (
        <ErrorNote error={error} title={t("providers.loadFailed")} onRetry={() => void refetch()} />
      )}
      {!data && !error && <span className="skeleton block h-16 rounded-panel!" />}
      {data && (
        <ul
          aria-label={t("providers.title")}
          className="rounded-panel border border-line-strong bg-surface"
        >
          {data.items.map((identity) => (
            <IdentityLine
              key={identity.id}
              identity={identity}
              onDisconnect={() => setLeaving(identity)}
            />
          ))}
          {offered.map(({ id, name }) => (
            <li
              key={id}
              className="flex items-center justify-between gap-4 border-t border-line py-3 pr-2 pl-4 first:border-t-0"
            >
              <p>
                <span className="font-medium">{name}</span>{" "}
                <span className="text-head text-muted">{t("providers.notConnected")}</span>
              </p>
              <Button
                size="small"
                aria-label={t("providers.connectOf", { name })}
                isBusy={connect.isPending && connect.variables === id}
                onClick={() => connect.mutate(id)}
              >
                {t("providers.connect")}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {connect.error && connect.error.code !== "step_up_required" && (
        <div className="mt-2">
          <ErrorNote error={connect.error} />
        </div>
      )}
      {leaving && <Disconnect identity={leaving} onClose={() => setLeaving(null)} />}
    </Section>
  );
}

interface IdentityLineProps {
  identity: Identity;
  onDisconnect: () => void;
}

function IdentityLine({ identity, onDisconnect }: IdentityLineProps) {
  const { t, i18n } = useTranslation();
  const { name, label, created_at, last_used_at } = identity;
  return (
    <li className="flex items-start gap-4 border-t border-line py-3 pr-2 pl-4 first:border-t-0">
      <div className="flex min-w-0 flex-1 flex-col gap-1">
        <p className="flex flex-wrap items-baseline gap-x-3">
          <span className="font-medium break-words">{name}</span>
          <span className="text-head break-all text-muted">{label}</span>
        </p>
        <p className="tabular flex flex-wrap gap-x-4 text-head text-muted">
          <span>{t("providers.since", { when: formatDate(created_at, i18n.language) })}</span>
          {last_used_at && (
            <span title={formatExact(last_used_at, i18n.language)}>
              {t("providers.used", { when: formatRelative(last_used_at, i18n.language) })}
            </span>
          )}
          {identity.provider === null && <span className="text-warn">{t("providers.gone")}</span>}
        </p>
      </div>
      <Button
        size="small"
        aria-label={t("providers.disconnectOf", { name })}
        onClick={onDisconnect}
      >
        {t("providers.disconnect")}
      </Button>
    </li>
  );
}

function Disconnect({ identity, onClose }: { identity: Identity; onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const { id, name } = identity;
  const remove = useMutation<unknown, ApiError>({
    mutationFn: () => api.DELETE("/api/v1/identities/{id}", { params: { path: { id } } }),
    onSuccess: async () => {
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: keys.identities }),
        queryClient.invalidateQueries({ queryKey: keys.sessions }),
      ]);
      toasts.add({
        type: "plain",
        title: t("providers.disconnectedToast", { name }),
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
      title={t("providers.disconnectTitle", { name })}
      description={<p>{t("providers.disconnectEffect")}</p>}
      confirmLabel={t("providers.disconnect")}
      cancelLabel={t("common.cancel")}
      isBusy={remove.isPending}
    >
      {remove.error && <ErrorNote error={remove.error} />}
    </Confirm>
  );
}
