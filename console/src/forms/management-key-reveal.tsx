import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { CreatedManagementKey } from "@/api/types";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { CopyButton } from "@/ui/copy-button";
import { Sheet } from "@/ui/sheet";

interface RevealProps {
  created: CreatedManagementKey;
  onClose: () => void;
}

/** The only sight of a management key's secret, and a call to try it with. */
export function ManagementKeyReveal({ created, onClose }: RevealProps) {
  const { t } = useTranslation();
  const [isCopied, setCopied] = useState(false);
  const [isLeaving, setLeaving] = useState(false);
  const { key, secret } = created;
  const leave = () => (isCopied ? onClose() : setLeaving(true));
  const call = `curl "${window.location.origin}/api/v1/tokens" \\\n  -H "Authorization: Bearer $ANC_MANAGEMENT_KEY"`;
  return (
    <Sheet
      isOpen
      onClose={leave}
      title={t("managementKeys.createdTitle")}
      closeLabel={t("common.close")}
    >
      <div className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
        <p className="font-medium break-words">{t("reveal.name", { name: key.name })}</p>
        <div className="flex flex-col gap-2">
          <h3 className="text-head font-medium">{t("managementKeys.value")}</h3>
          <output
            data-testid="key-secret"
            className="rounded-control border border-line-strong bg-sunken px-3 py-2.5 font-mono break-all select-all"
          >
            {secret}
          </output>
          <p className="text-head text-warn">{t("reveal.once")}</p>
          <div>
            <CopyButton
              variant="primary"
              text={secret}
              label={t("managementKeys.copy")}
              shownLabel={t("managementKeys.copy")}
              copiedLabel={t("common.copied")}
              onCopied={() => setCopied(true)}
            />
          </div>
        </div>
        <div className="flex flex-col gap-2">
          <h3 className="text-head font-medium">{t("managementKeys.call")}</h3>
          <pre
            tabIndex={0}
            className="overflow-x-auto rounded-control border border-line bg-sunken p-3 font-mono text-head"
          >
            <code>{call}</code>
          </pre>
          <div>
            <CopyButton
              size="small"
              text={call}
              label={t("managementKeys.copyCall")}
              shownLabel={t("common.copy")}
              copiedLabel={t("common.copied")}
            />
          </div>
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
