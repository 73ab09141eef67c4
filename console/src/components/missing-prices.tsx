import { useTranslation } from "react-i18next";

import type { PriceBook } from "@/api/types";
import { Button } from "@/ui/button";

interface MissingPricesProps {
  missing: PriceBook["missing"];
  onSet: (model: string) => void;
}

/** The models that channels serve and that nobody can call, since they have no price. */
export function MissingPrices({ missing, onSet }: MissingPricesProps) {
  const { t } = useTranslation();
  if (missing.length === 0) return null;
  const title = t("prices.missingTitle", { count: missing.length });
  return (
    <section
      aria-label={title}
      className="mt-6 rounded-panel border border-line-strong bg-surface px-4 py-3"
    >
      <h2 className="flex items-center gap-2 font-medium">
        <span aria-hidden className="size-1.5 shrink-0 rounded-full bg-warn" />
        {title}
      </h2>
      <p className="text-head text-muted">{t("prices.missingLead")}</p>
      <ul className="mt-2 max-h-72 overflow-y-auto" tabIndex={0} aria-label={title}>
        {missing.map(({ model, channels }) => (
          <li
            key={model}
            className="flex items-center justify-between gap-3 border-t border-line py-1.5"
          >
            <span className="flex min-w-0 flex-wrap items-baseline gap-x-3">
              <span className="min-w-0 font-mono text-head break-all">{model}</span>
              <span className="text-meta text-muted">
                {t("prices.missingBy", { channels: channels.join(", ") })}
              </span>
            </span>
            <Button
              size="small"
              aria-label={t("prices.missingSet", { model })}
              onClick={() => onSet(model)}
            >
              {t("prices.setPrice")}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
