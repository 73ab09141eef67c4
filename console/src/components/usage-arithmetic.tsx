import { useTranslation } from "react-i18next";

import type { UsageDetail } from "@/api/types";
import { cx } from "@/lib/cx";
import { exactMoney } from "@/lib/money";
import { formatMultiplier } from "@/lib/multiplier";
import { meters } from "@/lib/units";

import { PriceConditionWords } from "./price-conditions";

const head = "py-1 pl-3 text-right font-medium first:pl-0 first:text-left";
const cell = "border-t border-line py-1.5 pl-3 text-right align-top first:pl-0 first:text-left";

/** The charge line by line: units times price, their sum, the group's factor, and what was posted. */
export function UsageArithmetic({ detail }: { detail: UsageDetail }) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const meterName = (name: string) => {
    const known = meters.find((meter) => meter === name);
    return known ? t(`usage.meters.${known}`) : name;
  };
  return (
    <section className="flex flex-col gap-2">
      <h3 className="font-semibold">{t("usage.arithmetic")}</h3>
      {detail.lines.length === 0 && <p className="text-muted">{t("usage.nothingCounted")}</p>}
      {detail.lines.length > 0 && (
        <table className="tabular w-full border-separate border-spacing-0 text-head">
          <thead className="text-muted">
            <tr>
              <th scope="col" className={head}>
                {t("usage.meter")}
              </th>
              <th scope="col" className={head}>
                {t("usage.units")}
              </th>
              <th scope="col" className={head}>
                {t("usage.pricePerMillion")}
              </th>
              <th scope="col" className={head}>
                {t("usage.amount")}
              </th>
            </tr>
          </thead>
          <tbody>
            {detail.lines.map((line, place) => (
              // A meter has a line for each of its prices.
              <tr key={`${line.meter} ${place}`}>
                <th scope="row" className={cx(cell, "font-normal")}>
                  {meterName(line.meter)}
                </th>
                <td className={cell}>{number.format(line.units)}</td>
                <td className={cell}>{exactMoney(line.price_per_million)}</td>
                <td className={cx(cell, "break-all")}>{exactMoney(line.amount)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {(detail.price_version !== null || detail.price_rules.length > 0) && (
        <div className="text-head text-muted">
          {typeof detail.price_version === "number" && (
            <p>{t("usage.priceVersion", { version: detail.price_version })}</p>
          )}
          {detail.price_rules.length > 0 && (
            <>
              <p>{t("usage.priceRules")}</p>
              <ul className="list-disc pl-5">
                {detail.price_rules.map((rule, place) => (
                  <li key={place}>
                    <PriceConditionWords conditions={rule} />
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
      <dl className="tabular border-t border-line-strong pt-2">
        {detail.multiplier_ppm !== 1_000_000 && (
          <div className="flex justify-between gap-4 text-head">
            <dt className="text-muted">{t("usage.multiplier")}</dt>
            <dd>{formatMultiplier(detail.multiplier_ppm)}</dd>
          </div>
        )}
        {typeof detail.group_multiplier_ppm === "number" && (
          <div className="flex justify-between gap-4 text-head">
            <dt className="pl-3 text-muted">{t("usage.multiplierGroup")}</dt>
            <dd>{formatMultiplier(detail.group_multiplier_ppm)}</dd>
          </div>
        )}
        <div className="flex justify-between gap-4 font-semibold">
          <dt>{t("usage.sum")}</dt>
          <dd>{exactMoney(detail.charge)}</dd>
        </div>
      </dl>
      {detail.own_cost && <OwnCost of={detail.own_cost} />}
      {detail.estimated && <p className="text-head text-warn">{t("usage.estimated")}</p>}
      {detail.suspect && <p className="text-head text-warn">{t("usage.suspect")}</p>}
    </section>
  );
}

/** What the operator pays for it, and what is left; only operators are told. */
function OwnCost({ of }: { of: NonNullable<UsageDetail["own_cost"]> }) {
  const { t } = useTranslation();
  const isLoss = of.margin.startsWith("-");
  return (
    <dl className="tabular border-t border-line pt-2 text-head">
      <div className="flex justify-between gap-4">
        <dt className="text-muted">
          {t("usage.ownCost", { factor: formatMultiplier(of.multiplier_ppm) })}
        </dt>
        <dd>{exactMoney(of.amount)}</dd>
      </div>
      <div className="flex justify-between gap-4 font-medium">
        <dt>{t("usage.margin")}</dt>
        <dd className={isLoss ? "text-warn" : undefined}>{exactMoney(of.margin)}</dd>
      </div>
    </dl>
  );
}
