import { useTranslation } from "react-i18next";

import type { Dashboard } from "@/api/types";
import { changeOf, formatChange, formatRate, successOf } from "@/lib/change";
import { cx } from "@/lib/cx";
import { changeOfMoney, exactMoney, formatShort } from "@/lib/money";

import { Figure } from "./figure";
import { useSeconds } from "./usage-words";

type Period = Dashboard["now"];

interface DashboardFiguresProps {
  data: {
    now: Period & { input_units?: number; output_units?: number };
    before: Period & { input_units?: number; output_units?: number };
  };
}

/** The figures of the period, each with how it changed; units only where they are known. */
export function DashboardFigures({ data }: DashboardFiguresProps) {
  const { t, i18n } = useTranslation();
  const seconds = useSeconds();
  const { now, before } = data;
  const [rate, rateBefore] = [successOf(now), successOf(before)];
  const number = new Intl.NumberFormat(i18n.language);
  const points = new Intl.NumberFormat(i18n.language, {
    signDisplay: "exceptZero",
    maximumFractionDigits: 1,
  });
  const change = (percent: number | null) =>
    percent === null ? null : formatChange(percent, i18n.language);
  const wait = now.first_token_ms ?? null;
  const waitBefore = before.first_token_ms ?? null;
  const short = new Intl.NumberFormat(i18n.language, {
    notation: "compact",
    maximumFractionDigits: 1,
  });
  const [units, unitsBefore] = [unitsOf(now), unitsOf(before)];
  return (
    <dl
      className={cx(
        "grid grid-cols-2 rounded-panel border border-line-strong bg-surface",
        units === null ? "menu:grid-cols-4" : "menu:grid-cols-5",
      )}
    >
      <Figure
        isFirst={before.requests === 0}
        label={t("dashboard.spend")}
        change={change(changeOfMoney(now.charge, before.charge))}
        before={formatShort(before.charge)}
      >
        <span title={exactMoney(now.charge)}>{formatShort(now.charge)}</span>
      </Figure>
      <Figure
        isFirst={before.requests === 0}
        label={t("dashboard.requests")}
        change={change(changeOf(now.requests, before.requests))}
        before={number.format(before.requests)}
      >
        {number.format(now.requests)}
      </Figure>
      <Figure
        isFirst={before.requests === 0}
        label={t("dashboard.successRate")}
        change={
          rate === null || rateBefore === null
            ? null
            : t("dashboard.points", { points: points.format((rate - rateBefore) * 100) })
        }
        isWorse={rate !== null && rateBefore !== null && rate < rateBefore - 0.005}
        before={rateBefore === null ? null : formatRate(rateBefore, i18n.language)}
      >
        {rate === null ? t("common.dash") : formatRate(rate, i18n.language)}
      </Figure>
      <Figure
        isFirst={before.requests === 0}
        label={t("dashboard.firstToken")}
        help={t("dashboard.firstTokenHelp")}
        change={wait === null || waitBefore === null ? null : change(changeOf(wait, waitBefore))}
        isWorse={wait !== null && waitBefore !== null && wait > waitBefore * 1.25}
        before={waitBefore === null ? null : seconds(waitBefore)}
      >
        {seconds(wait)}
      </Figure>
      {units !== null && (
        <Figure
          isFirst={before.requests === 0}
          label={t("usage.units")}
          change={unitsBefore === null ? null : change(changeOf(units, unitsBefore))}
          before={unitsBefore === null ? null : short.format(unitsBefore)}
          // The fifth of two columns.
          className="max-menu:col-span-2"
        >
          <span title={number.format(units)}>{short.format(units)}</span>
        </Figure>
      )}
    </dl>
  );
}

/** Input and output together. */
function unitsOf(period: DashboardFiguresProps["data"]["now"]): number | null {
  const { input_units, output_units } = period;
  return input_units === undefined || output_units === undefined
    ? null
    : input_units + output_units;
}
