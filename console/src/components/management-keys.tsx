import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys, managementKeysQuery } from "@/api/queries";
import type { ManagementKey } from "@/api/types";
import { ManagementKeySheet } from "@/forms/management-key-sheet";
import { cx } from "@/lib/cx";
import { formatDate, formatExact, formatRelative, nearness } from "@/lib/time";
import { Button, IconButton } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { toasts } from "@/ui/toast";

import { ErrorNote } from "./error-note";
import { Panel, Section } from "./panel";

/** Keys with which programs manage the relay in the name of their person. */
export function ManagementKeys() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(managementKeysQuery);
  const [isAdding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<ManagementKey | null>(null);
  return (
    <Section
      title={t("managementKeys.title")}
      aside={
        <Button
          size="small"
          icon={<Plus size={14} strokeWidth={1.75} aria-hidden />}
          onClick={() => setAdding(true)}
        >
          {t("managementKeys.add")}
        </Button>
      }
    >
      <p className="mb-2 text-muted">{t("managementKeys.lead")}</p>
      {error && (
        <ErrorNote
          error={error}
          title={t("managementKeys.loadFailed")}
          onRetry={() => void refetch()}
        />
      )}
      {!data && !error && <span className="skeleton block h-16 rounded-panel!" />}
      {data && data.items.length === 0 && (
        <Panel>
          <p className="text-muted">{t("managementKeys.empty")}</p>
        </Panel>
      )}
      {data && data.items.length > 0 && (
        <ul
          aria-label={t("managementKeys.title")}
          className="rounded-panel border border-line-strong bg-surface"
        >
          {data.items.map((key) => (
            <li
              key={key.id}
              className="flex items-start gap-4 border-t border-line py-3 pr-2 pl-4 first:border-t-0"
            >
              <KeyFacts managementKey={key} />
              <IconButton
                size="small"
                label={t("managementKeys.deleteOf", { name: key.name })}
                icon={<Trash2 size={16} strokeWidth={1.75} aria-hidden />}
                onClick={() => setLeaving(key)}
              />
            </li>
          ))}
        </ul>
      )}
      {isAdding && <ManagementKeySheet onClose={() => setAdding(false)} />}
      {leaving && <DeleteKey managementKey={leaving} onClose={() => setLeaving(null)} />}
    </Section>
  );
}

interface KeyProps {
  managementKey: ManagementKey;
}

function KeyFacts({ managementKey: key }: KeyProps) {
  const { t, i18n } = useTranslation();
  const near = key.expires_at ? nearness(key.expires_at) : "far";
  const when = key.expires_at ? formatRelative(key.expires_at, i18n.language) : null;
  return (
    <div className="flex min-w-0 flex-1 flex-col gap-1">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <span className="truncate font-medium">{key.name}</span>
        <span className="font-mono text-meta text-muted">{key.hint}</span>
      </p>
      <p className="font-mono text-meta break-words text-muted">{key.scopes.join(" · ")}</p>
      <p className="tabular flex flex-wrap gap-x-4 text-head text-muted">
        <span>
          {t("managementKeys.createdAt", { when: formatDate(key.created_at, i18n.language) })}
        </span>
        <span
          className={cx(near === "past" && "text-bad", near === "soon" && "text-warn")}
          title={key.expires_at ? formatExact(key.expires_at, i18n.language) : undefined}
        >
          {when === null
            ? t("tokens.neverExpires")
            : t(near === "past" ? "tokens.expired" : "managementKeys.expires", { when })}
        </span>
        <span>
          {key.last_used_at
            ? t("managementKeys.lastUsed", {
                when: formatRelative(key.last_used_at, i18n.language),
              })
            : t("managementKeys.neverUsed")}
        </span>
      </p>
    </div>
  );
}

function DeleteKey({ managementKey: key, onClose }: KeyProps & { onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const remove = useMutation<unknown, ApiError>({
    mutationFn: () =>
      api.DELETE("/api/v1/management-keys/{id}", { params: { path: { id: key.id } } }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.managementKeys });
      const title = t("managementKeys.deletedToast", { name: key.name });
      toasts.add({ type: "plain", title, priority: "low" });
      onClose();
    },
  });
  return (
    <Confirm
      isOpen
      onCancel={onClose}
      onConfirm={() => remove.mutate()}
      title={t("managementKeys.deleteTitle", { name: key.name })}
      description={
        <>
          <p className="font-medium text-ink">{t("deleteToken.irreversible")}</p>
          <p>{t("managementKeys.deleteEffect")}</p>
        </>
      }
      confirmLabel={t("managementKeys.deleteConfirm")}
      cancelLabel={t("common.cancel")}
      isBusy={remove.isPending}
    >
      {remove.error && <ErrorNote error={remove.error} />}
    </Confirm>
  );
}
