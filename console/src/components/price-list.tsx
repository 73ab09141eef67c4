import { useTranslation } from "react-i18next";

import type { BookedPrice } from "@/api/types";
import { cx } from "@/lib/cx";
import type { PriceSource } from "@/lib/prices-search";
import { formatDate, formatExact } from "@/lib/time";
import { useHasTable } from "@/lib/use-media";

import { Price } from "./price";

interface PriceListProps {
  items: readonly BookedPrice[];
  onOpen: (item: BookedPrice) => void;
}

const one_ppm = 1_000_000;

/** What models cost: a table, and on a phone cards. */
export function PriceList(props: PriceListProps) {
  return useHasTable() ? <PriceTable {...props} /> : <PriceCards {...props} />;
}

const cell = "border-b border-line px-3 py-2 align-top first:pl-4 last:pr-4";
const head =
  "h-9 border-b border-line-strong px-3 text-left text-head font-medium whitespace-nowrap text-muted first:pl-4 last:pr-4";
const roomy = "hidden menu:table-cell";

function PriceTable({ items, onOpen }: PriceListProps) {
  const { t } = useTranslation();
  return (
    <div
      role="region"
      tabIndex={0}
      aria-label={t("prices.table")}
      className="overflow-x-auto rounded-panel border border-line-strong bg-surface"
    >
      <table className="tabular w-full border-separate border-spacing-0 [&_tbody_tr:last-child>*]:border-b-0">
        <thead>
          <tr>
            <th scope="col" className={head}>
              {t("prices.model")}
            </th>
            <th scope="col" className={cx(head, "text-right")}>
              {t("models.price_input")}
            </th>
            <th scope="col" className={cx(head, "text-right")}>
              {t("models.price_output")}
            </th>
            <th scope="col" className={cx(head, roomy, "text-right")}>
              {t("models.price_cached_input")}
            </th>
            <th scope="col" className={cx(head, roomy, "text-right")}>
              {t("prices.rules")}
            </th>
            <th scope="col" className={head}>
              {t("prices.source")}
            </th>
            <th scope="col" className={cx(head, "text-right")}>
              {t("prices.version")}
            </th>
            <th scope="col" className={head}>
              {t("prices.validFrom")}
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr
              key={item.model}
              data-row={item.model}
              // The button in the first cell does the same for keyboards.
              onClick={() => onOpen(item)}
              className="cursor-pointer transition-colors focus-within:bg-sunken hover:bg-sunken"
            >
              <th scope="row" className={cx(cell, "max-w-44 text-left font-normal menu:max-w-72")}>
                <button
                  type="button"
                  data-row-link
                  title={item.model}
                  className="block max-w-full truncate rounded-[4px] font-mono text-head"
                >
                  {item.model}
                </button>
                <span className="block text-meta text-muted">{item.provider}</span>
              </th>
              <td className={cx(cell, "text-right")}>
                <Price price={item.price.input} ppm={one_ppm} />
              </td>
              <td className={cx(cell, "text-right")}>
                <Price price={item.price.output} ppm={one_ppm} />
              </td>
              <td className={cx(cell, roomy, "text-right")}>
                <Price price={item.price.cached_input} ppm={one_ppm} />
              </td>
              <td className={cx(cell, roomy, "text-right")}>
                {item.price.rules?.length ?? t("common.dash")}
              </td>
              <td className={cx(cell, "whitespace-nowrap")}>
                <SourceWord source={item.source} />
              </td>
              <td className={cx(cell, "text-right")}>{item.version}</td>
              <td className={cx(cell, "whitespace-nowrap")}>
                <ValidFrom at={item.valid_from} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function PriceCards({ items, onOpen }: PriceListProps) {
  const { t } = useTranslation();
  return (
    <ul
      aria-label={t("prices.table")}
      className="tabular overflow-hidden rounded-panel border border-line-strong bg-surface"
    >
      {items.map((item) => (
        <li key={item.model} className="border-t border-line first:border-t-0">
          <button
            type="button"
            onClick={() => onOpen(item)}
            className="flex w-full flex-col gap-1 px-4 py-3 text-left -outline-offset-2 transition-colors active:bg-sunken"
          >
            <span className="flex w-full items-baseline justify-between gap-3">
              <span className="min-w-0 truncate font-mono text-head">{item.model}</span>
              <SourceWord source={item.source} />
            </span>
            <span className="flex w-full items-start justify-between gap-3 text-head">
              <span className="text-muted">{item.provider}</span>
              <span className="flex gap-4 text-right">
                {(["input", "output"] as const).map((meter) => (
                  <span key={meter} className="flex gap-1.5">
                    <span className="text-muted">{t(`models.price_${meter}`)}</span>
                    <Price price={item.price[meter]} ppm={one_ppm} />
                  </span>
                ))}
              </span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Who set a price: a dot and a word. */
export function SourceWord({ source }: { source: string }) {
  const { t } = useTranslation();
  const dots = { builtin: "bg-control-line", import: "bg-accent", manual: "bg-warn" };
  const known = source as PriceSource;
  return (
    <span className="inline-flex items-center gap-1.5 align-top whitespace-nowrap">
      <span aria-hidden className={cx("size-1.5 rounded-full", dots[known])} />
      {t(`prices.source_${known}`)}
    </span>
  );
}

export function ValidFrom({ at }: { at: string }) {
  const { i18n } = useTranslation();
  return (
    <time dateTime={at} title={formatExact(at, i18n.language)}>
      {formatDate(at, i18n.language)}
    </time>
  );
}
