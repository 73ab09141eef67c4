import { Download } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { CodesMade } from "@/api/types";
import { downloadText } from "@/lib/download";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { CopyButton } from "@/ui/copy-button";
import { Sheet } from "@/ui/sheet";

interface CodeBatchRevealProps {
  made: CodesMade;
  onClose: () => void;
}

/** The only sight of a batch of redemption codes: a table to take away. */
export function CodeBatchReveal({ made, onClose }: CodeBatchRevealProps) {
  const { t } = useTranslation();
  const [isSaved, setSaved] = useState(false);
  const [isLeaving, setLeaving] = useState(false);
  const leave = () => (isSaved ? onClose() : setLeaving(true));
  const download = () => {
    downloadText("redemption-codes.csv", made.csv, "text/csv;charset=utf-8");
    setSaved(true);
  };
  return (
    <Sheet
      isOpen
      onClose={leave}
      title={t("codes.reveal.title", { count: made.items.length })}
      closeLabel={t("common.close")}
    >
      <div className="flex flex-1 flex-col gap-4 overflow-y-auto px-5 py-5">
        <p className="text-warn">{t("codes.reveal.once")}</p>
        <div className="flex flex-wrap gap-2">
          <Button
            variant="primary"
            icon={<Download size={14} strokeWidth={1.75} aria-hidden />}
            onClick={download}
          >
            {t("codes.reveal.download")}
          </Button>
          <CopyButton
            text={made.items.map((item) => item.code).join("\n")}
            label={t("codes.reveal.copy")}
            shownLabel={t("codes.reveal.copy")}
            copiedLabel={t("common.copied")}
            onCopied={() => setSaved(true)}
          />
        </div>
        <ol
          data-testid="codes"
          aria-label={t("codes.reveal.list")}
          className="rounded-panel border border-line-strong bg-surface"
        >
          {made.items.map(({ id, code }) => (
            <li
              key={id}
              className="border-t border-line px-3.5 py-2 font-mono text-head break-all select-all first:border-t-0"
            >
              {code}
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
        title={t("codes.reveal.leaveTitle")}
        description={t("codes.reveal.leaveLead")}
        confirmLabel={t("reveal.leaveConfirm")}
        cancelLabel={t("reveal.leaveStay")}
        tone="primary"
      />
    </Sheet>
  );
}
