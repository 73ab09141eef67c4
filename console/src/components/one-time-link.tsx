import { useTranslation } from "react-i18next";

import { CopyButton } from "@/ui/copy-button";

/** The only sight of a link that is to be handed over. A path alone is completed with this origin. */
export function OneTimeLink({ link }: { link: string }) {
  const { t } = useTranslation();
  const whole = link.startsWith("/") ? `${window.location.origin}${link}` : link;
  return (
    <div className="flex flex-col items-start gap-2">
      <output
        aria-label={t("people.linkShown")}
        data-testid="one-time-link"
        className="w-full rounded-control border border-line-strong bg-sunken px-3 py-2.5 font-mono text-head break-all select-all"
      >
        {whole}
      </output>
      <p className="text-head text-warn">{t("people.linkOnce")}</p>
      <CopyButton
        size="small"
        text={whole}
        label={t("people.linkCopy")}
        shownLabel={t("people.linkCopy")}
        copiedLabel={t("common.copied")}
      />
    </div>
  );
}
