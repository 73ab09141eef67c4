import { Download } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { CreatedTokens } from "@/api/types";
import { downloadText } from "@/lib/download";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { CopyButton } from "@/ui/copy-button";
import { Sheet } from "@/ui/sheet";

interface BatchPanelProps {
  created: CreatedTokens;
  onClose: () => void;
}

/** The only sight of the secrets of many tokens: a table to take away. */
export function BatchPanel({ created, onClose }: BatchPanelProps) {
  const { t } = useTranslation();
  const [isSaved, setSaved] = useState(false);
  const [isLeaving, setLeaving] = useState(false);
  const leave = () => (isSaved ? onClose() : setLeaving(true));
  const count = created.items.length;
  const download = () => {
    downloadText("tokens.csv", created.csv, "text/csv;charset=utf-8");
    setSaved(true);
  };
  return (
    <Sheet
      isOpen
      onClose={leave}
      title={t("batch.title", { count })}
      closeLabel={t("common.close")}
    >
      <div className="flex flex-1 flex-col gap-4 overflow-y-auto px-5 py-5">
        <p className="text-warn">{t("batch.once")}</p>
        <div className="flex flex-wrap gap-2">
          <Button
            variant="primary"
            icon={<Download size={14} strokeWidth={1.75} aria-hidden />}
            onClick={download}
          >
            {t("batch.download")}
          </Button>
          <CopyButton
            text={created.csv}
            label={t("batch.copy")}
            shownLabel={t("batch.copy")}
            copiedLabel={t("common.copied")}
            onCopied={() => setSaved(true)}
          />
        </div>
        <ol
          data-testid="batch-secrets"
          aria-label={t("batch.list")}
          className="rounded-panel border border-line-strong bg-surface"
        >
          {created.items.map(({ token, secret }) => (
            <li key={token.id} className="border-t border-line px-3.5 py-2 first:border-t-0">
              <span className="block break-words">{token.name}</span>
              <span className="font-mono text-meta break-all text-muted select-all">{secret}</span>
            </li>
          ))}
        </ol>
      </div>
      <footer className="flex shrink-0 justify-end border-t border-line px-5 py-3">
        <Button onClick={leave}>{t("reveal.done")}</Button>
      </footer>
      <Confirm
        isOpen={isLeaving}
        onCancel={() => setLeaving(false)}
        onConfirm={onClose}
        title={t("batch.leaveTitle")}
        description={t("batch.leaveLead")}
        confirmLabel={t("reveal.leaveConfirm")}
        cancelLabel={t("reveal.leaveStay")}
        tone="primary"
      />
    </Sheet>
  );
}
