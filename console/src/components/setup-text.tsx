import { useTranslation } from "react-i18next";

import { CopyButton } from "@/ui/copy-button";

interface SetupTextProps {
  text: string;
  note?: string | undefined;
  onCopied?: (() => void) | undefined;
}

/** Text to paste somewhere, with a button that takes it along. */
export function SetupText({ text, note, onCopied }: SetupTextProps) {
  const { t } = useTranslation();
  return (
    <div className="flex w-full min-w-0 flex-col gap-2">
      <pre
        tabIndex={0}
        className="overflow-x-auto rounded-control border border-line bg-sunken p-3 font-mono text-head"
      >
        <code>{text}</code>
      </pre>
      <div className="flex items-start justify-between gap-3">
        <p className="text-head text-muted">{note}</p>
        <CopyButton
          size="small"
          text={text}
          label={t("reveal.copySetup")}
          shownLabel={t("common.copy")}
          copiedLabel={t("common.copied")}
          {...(onCopied ? { onCopied } : {})}
        />
      </div>
    </div>
  );
}
