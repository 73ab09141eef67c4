import { useTranslation } from "react-i18next";

import type { ModelPrice } from "@/api/types";
import { namedPrices } from "@/lib/models";

import { Price } from "./price";
import { PriceConditionWords } from "./price-conditions";

interface PriceBookEntryProps {
  price: ModelPrice;
  /** The reader's own factor. */
  ppm: number;
}

/** A model's whole price: what each thing costs, and what replaces that under conditions. */
export function PriceBookEntry({ price, ppm }: PriceBookEntryProps) {
  const { t } = useTranslation();
  return (
    <>
      <PriceLines prices={price} ppm={ppm} />
      {(price.rules ?? []).length > 0 && (
        <div className="mt-4">
          <h4 className="font-medium">{t("models.conditions")}</h4>
          <p className="mb-2 text-meta text-muted">{t("models.conditionsLead")}</p>
          <ol className="flex flex-col gap-3">
            {price.rules?.map((rule, place) => (
              <li key={place} className="rounded-control border border-line px-3 py-2">
                <p className="text-head">
                  <PriceConditionWords conditions={rule} />
                </p>
                <PriceLines prices={rule} ppm={ppm} />
              </li>
            ))}
          </ol>
        </div>
      )}
    </>
  );
}

function PriceLines({ prices, ppm }: { prices: Parameters<typeof namedPrices>[0]; ppm: number }) {
  const { t } = useTranslation();
  return (
    <dl className="tabular">
      {namedPrices(prices).map(({ key, price }) => (
        <div key={key} className="flex justify-between border-t border-line py-2 first:border-t-0">
          <dt>{t(`models.price_${key}`)}</dt>
          <dd className="text-right">
            <Price price={price} ppm={ppm} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
