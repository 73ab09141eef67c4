import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { CopyButton } from "@/ui/copy-button";
import { Sheet } from "@/ui/sheet";

/** The only sight of a webhook's secret. */
export function WebhookReveal({ secret, onClose }: { secret: string; onClose: () => void }) {
  const { t } = useTranslation();
  const [isCopied, setCopied] = useState(false);
  const [isLeaving, setLeaving] = useState(false);
  const leave = () => (isCopied ? onClose() : setLeaving(true));
  return (
    <Sheet
      isOpen
      onClose={leave}
      title={t("alerts.webhookSecretTitle")}
      closeLabel={t("common.close")}
    >
      <div className="flex flex-1 flex-col gap-2 overflow-y-auto px-5 py-5">
        <p className="mb-3">{t("alerts.webhookSecretLead")}</p>
        <h3 className="text-head font-medium">{t("alerts.webhookSecret")}</h3>
        <output
          data-testid="webhook-secret"
          className="rounded-control border border-line-strong bg-sunken px-3 py-2.5 font-mono break-all select-all"
        >
          {secret}
        </output>
        <p className="text-head text-warn">{t("reveal.once")}</p>
        <div>
          <CopyButton
            variant="primary"
            text={secret}
            label={t("alerts.webhookCopy")}
            shownLabel={t("alerts.webhookCopy")}
            copiedLabel={t("common.copied")}
            onCopied={() => setCopied(true)}
          />
        </div>
      </div>
      <footer className="flex shrink-0 justify-end border-t border-line px-5 py-3">
        <Button onClick={leave}>{t("reveal.done")}</Button>
      </footer>
      <Confirm
        isOpen={isLeaving}
        onCancel={() => setLeaving(false)}
        onConfirm={onClose}
        title={t("reveal.leaveTitle")}
        description={t("managementKeys.leaveLead")}
        confirmLabel={t("reveal.leaveConfirm")}
        cancelLabel={t("reveal.leaveStay")}
        tone="primary"
      />
    </Sheet>
  );
}
