import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { AlertPreferences, NewWebhook, WebhookTest } from "@/api/types";
import { WebhookDialog } from "@/forms/webhook-dialog";
import { WebhookReveal } from "@/forms/webhook-reveal";
import { formatRelative } from "@/lib/time";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { toasts } from "@/ui/toast";

import { ErrorNote } from "./error-note";
import { Panel, Section } from "./panel";

type Known = AlertPreferences["webhook"];

/** Where alerts are posted to, how that goes, and ways to try and to end it. */
export function Webhook({ webhook }: { webhook: Known }) {
  const { t } = useTranslation();
  const [isSetting, setSetting] = useState(false);
  const [isRemoving, setRemoving] = useState(false);
  const [made, setMade] = useState<NewWebhook | null>(null);
  return (
    <Section
      title={t("alerts.webhook")}
      aside={
        !webhook && (
          <Button size="small" onClick={() => setSetting(true)}>
            {t("alerts.webhookSet")}
          </Button>
        )
      }
    >
      <p className="mb-2 text-muted">{t("alerts.webhookLead")}</p>
      <Panel>
        {webhook ? (
          <Facts
            webhook={webhook}
            onChange={() => setSetting(true)}
            onRemove={() => setRemoving(true)}
          />
        ) : (
          <p className="text-muted">{t("alerts.webhookNone")}</p>
        )}
      </Panel>
      {isSetting && (
        <WebhookDialog
          url={webhook?.url ?? null}
          onClose={() => setSetting(false)}
          onMade={(webhook) => {
            setSetting(false);
            setMade(webhook);
          }}
        />
      )}
      {made && <WebhookReveal secret={made.secret} onClose={() => setMade(null)} />}
      {isRemoving && <RemoveWebhook onClose={() => setRemoving(false)} />}
    </Section>
  );
}

interface FactsProps {
  webhook: NonNullable<Known>;
  onChange: () => void;
  onRemove: () => void;
}

function Facts({ webhook, onChange, onRemove }: FactsProps) {
  const { t, i18n } = useTranslation();
  const queryClient = useQueryClient();
  const test = useMutation<WebhookTest, ApiError>({
    mutationFn: () => bodyOf(api.POST("/api/v1/webhook/test")),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.alertPreferences }),
  });
  const ago = (time: string) => formatRelative(time, i18n.language);
  const { delivered_at, failed_at, failure } = webhook;
  const failedLast = failed_at && (!delivered_at || failed_at > delivered_at);
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-col gap-1">
        <p className="font-mono text-head break-all">{webhook.url}</p>
        <p className="text-head text-muted">
          {delivered_at
            ? t("alerts.webhookDelivered", { when: ago(delivered_at) })
            : t("alerts.webhookNever")}
          {webhook.waiting > 0 && ` · ${t("alerts.webhookWaiting", { count: webhook.waiting })}`}
        </p>
        {failedLast && (
          <p className="text-head text-bad">
            {t("alerts.webhookFailed", { when: ago(failed_at), why: failure ?? "" })}
          </p>
        )}
      </div>
      <div className="flex flex-wrap gap-2">
        <Button size="small" isBusy={test.isPending} onClick={() => test.mutate()}>
          {t("alerts.webhookTest")}
        </Button>
        <Button size="small" onClick={onChange}>
          {t("alerts.webhookChange")}
        </Button>
        <Button size="small" onClick={onRemove}>
          {t("alerts.webhookRemove")}
        </Button>
      </div>
      {test.data && (
        <p role="status" className={test.data.delivered ? "text-ok" : "text-bad"}>
          {test.data.delivered
            ? t("alerts.webhookTook", { status: test.data.status ?? 0 })
            : t("alerts.webhookTookNot", { why: test.data.failure ?? "" })}
        </p>
      )}
      {test.error && <ErrorNote error={test.error} />}
    </div>
  );
}

function RemoveWebhook({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const remove = useMutation<unknown, ApiError>({
    mutationFn: () => api.DELETE("/api/v1/webhook"),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.alertPreferences });
      toasts.add({ type: "plain", title: t("alerts.webhookRemoved"), priority: "low" });
      onClose();
    },
  });
  return (
    <Confirm
      isOpen
      onCancel={onClose}
      onConfirm={() => remove.mutate()}
      title={t("alerts.webhookRemoveTitle")}
      description={<p>{t("alerts.webhookRemoveEffect")}</p>}
      confirmLabel={t("alerts.webhookRemove")}
      cancelLabel={t("common.cancel")}
      isBusy={remove.isPending}
    >
      {remove.error && <ErrorNote error={remove.error} />}
    </Confirm>
  );
}
