import { useTranslation } from "react-i18next";

import { exactMoney, formatMoney, timesPpm } from "@/lib/money";

const one_ppm = 1_000_000;

interface PriceProps {
  /** Dollars for a million units; null where the model has none of its own. */
  price: string | null | undefined;
  /** The reader's own factor. */
  ppm: number;
}

/** What the reader pays, and the list price below it where a factor makes the two differ. */
export function Price({ price, ppm }: PriceProps) {
  const { t } = useTranslation();
  if (price === null || price === undefined) {
    return <span className="text-muted">{t("common.dash")}</span>;
  }
  const own = timesPpm(price, ppm);
  return (
    <span className="inline-flex flex-col" title={exactMoney(own)}>
      <span>{formatMoney(own)}</span>
      {ppm !== one_ppm && (
        <span className="text-meta text-muted">
          {t("models.listPrice", { price: formatMoney(price) })}
        </span>
      )}
    </span>
  );
}
