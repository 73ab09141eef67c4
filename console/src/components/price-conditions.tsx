import { useTranslation } from "react-i18next";

import type { PriceConditions } from "@/api/types";

/** The conditions of a price in words, such as "more than 200,000 input units". */
export function PriceConditionWords({ conditions }: { conditions: PriceConditions }) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const { input_above: above, part, service_tier, speed, inference_geo } = conditions;
  const words: string[] = [];
  if (typeof above === "number") {
    const units = number.format(above);
    words.push(t(part === "above" ? "models.when.beyond" : "models.when.above", { units }));
  }
  if (service_tier) words.push(t("models.when.tier", { name: service_tier }));
  if (speed) words.push(t("models.when.speed", { name: speed }));
  if (inference_geo) words.push(t("models.when.geo", { name: inference_geo }));
  if (conditions.daily_from && conditions.daily_until) {
    const span = { from: conditions.daily_from, until: conditions.daily_until };
    words.push(t("models.when.daily", span));
  }
  return <>{new Intl.ListFormat(i18n.language, { type: "conjunction" }).format(words)}</>;
}
