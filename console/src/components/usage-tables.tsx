import { useTranslation } from "react-i18next";

import { cx } from "@/lib/cx";
import { exactMoney, formatShort, shareOf } from "@/lib/money";
import { slotColour, type Slot } from "@/lib/palette";
import { formatDay } from "@/lib/time";
import { other_models, type DaySum, type ModelSum } from "@/lib/usage-sums";

const head = "px-3 py-1.5 text-head font-medium whitespace-nowrap text-muted first:pl-0 last:pr-0";
const cell = "border-t border-line px-3 py-1.5 first:pl-0 last:pr-0";

interface SlotTableProps {
  slots: DaySum[];
  /** How a day or hour is printed. */
  label: (start: string) => string;
  /** What stands above them. */
  head: string;
  /** What the table is about. */
  name: string;
  /** How much room it takes, as the chart that it stands for. */
  size?: "low" | "tall";
  /** Where a line leads. */
  onSelect?: (slot: DaySum) => void;
}

/** A chart's figures, the latest first; what nothing was called in is left out. */
export function SlotTable({
  slots,
  label,
  head: title,
  name,
  size = "low",
  onSelect,
}: SlotTableProps) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const used = slots.filter((one) => one.requests > 0).toReversed();
  return (
    <div
      role="region"
      tabIndex={0}
      aria-label={name}
      className={cx("max-h-[196px] overflow-y-auto", size === "tall" && "menu:max-h-[272px]")}
    >
      <table className="tabular w-full border-separate border-spacing-0">
        <thead>
          <tr>
            <th scope="col" className={cx(head, "text-left")}>
              {title}
            </th>
            <th scope="col" className={cx(head, "text-right")}>
              {t("token.callsHead")}
            </th>
            <th scope="col" className={cx(head, "text-right")}>
              {t("usage.charge")}
            </th>
          </tr>
        </thead>
        <tbody>
          {used.map((one) => (
            <tr key={one.start}>
              <th scope="row" className={cx(cell, "text-left font-normal")}>
                {onSelect ? (
                  <button
                    type="button"
                    onClick={() => onSelect(one)}
                    className="rounded-[4px] underline decoration-line-strong underline-offset-4 hover:decoration-current"
                  >
                    {label(one.start)}
                  </button>
                ) : (
                  label(one.start)
                )}
              </th>
              <td className={cx(cell, "text-right")}>{number.format(one.requests)}</td>
              <td className={cx(cell, "text-right")} title={exactMoney(one.charge)}>
                {formatShort(one.charge)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The same by day. */
export function DayTable({ days }: { days: DaySum[] }) {
  const { t, i18n } = useTranslation();
  return (
    <SlotTable
      slots={days}
      label={(start) => formatDay(start, i18n.language)}
      head={t("token.day")}
      name={t("token.byDay")}
    />
  );
}

interface ModelTableProps {
  models: ModelSum[];
  colours: ReadonlyMap<string, Slot>;
}

/** What each model came to; the bar below a name is its share of the dearest. */
export function ModelTable({ models, colours }: ModelTableProps) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language, { notation: "compact" });
  const most = models[0]?.charge ?? "0";
  return (
    <table className="tabular w-full self-start border-separate border-spacing-0">
      <thead>
        <tr>
          <th scope="col" className={cx(head, "text-left")}>
            {t("usage.model")}
          </th>
          <th scope="col" className={cx(head, "text-right")}>
            {t("token.callsHead")}
          </th>
          <th scope="col" className={cx(head, "text-right hidden wide:table-cell")}>
            {t("usage.units")}
          </th>
          <th scope="col" className={cx(head, "text-right")}>
            {t("usage.charge")}
          </th>
        </tr>
      </thead>
      <tbody>
        {models.map((one) => (
          <tr key={one.model}>
            <th scope="row" className={cx(cell, "w-1/2 max-w-0 text-left align-top font-normal")}>
              {one.model === other_models ? (
                <span className="block truncate leading-5 text-muted">{t("dashboard.others")}</span>
              ) : (
                <span className="block truncate font-mono text-meta leading-5" title={one.model}>
                  {one.model}
                </span>
              )}
              <span aria-hidden className="mt-1 block h-1 w-full rounded-full bg-line">
                <span
                  className={cx(
                    "block h-full min-w-1 rounded-full",
                    slotColour[colours.get(one.model) ?? "other"],
                  )}
                  style={{ width: `${shareOf(one.charge, most) * 100}%` }}
                />
              </span>
            </th>
            <td className={cx(cell, "text-right align-top")}>{number.format(one.requests)}</td>
            <td
              className={cx(cell, "text-right align-top whitespace-nowrap hidden wide:table-cell")}
            >
              {t("usage.inOut", {
                input: number.format(one.inputUnits),
                output: number.format(one.outputUnits),
              })}
            </td>
            <td className={cx(cell, "text-right align-top")} title={exactMoney(one.charge)}>
              {formatShort(one.charge)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
