import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { Dashboard } from "@/api/types";
import { changeOf, formatChange, formatRate, successOf } from "@/lib/change";
import { cx } from "@/lib/cx";
import { changeOfMoney, exactMoney, formatShort } from "@/lib/money";

import { useSeconds } from "./usage-words";

/** Four figures of the period, each with how it changed. */
export function DashboardFigures({ data }: { data: Dashboard }) {
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
  return (
    <dl className="grid grid-cols-2 rounded-panel border border-line-strong bg-surface menu:grid-cols-4">
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
    </dl>
  );
}

interface FigureProps {
  label: string;
  help?: string;
  change: string | null;
  /** The change is one that asks for a look. */
  isWorse?: boolean;
  /** The figure of the period before. */
  before: string | null;
  /** Nothing was called in the period before. */
  isFirst: boolean;
  children: ReactNode;
}

function Figure({ label, help, change, isWorse = false, before, isFirst, children }: FigureProps) {
  const { t } = useTranslation();
  return (
    <div className="flex min-w-0 flex-col border-line px-4 py-3 not-first:border-l max-menu:odd:border-l-0 max-menu:nth-[n+3]:border-t">
      <dt className="text-head text-muted" title={help}>
        {label}
      </dt>
      <dd className="tabular text-figure font-medium tracking-[-0.01em]">{children}</dd>
      <dd className="tabular min-h-4 text-meta text-muted">
        {isFirst && t("dashboard.nothingBefore")}
        {change !== null && before !== null && (
          <>
            <span className={cx("font-medium", isWorse ? "text-warn" : "text-ink")}>{change}</span>{" "}
            {t("dashboard.from", { before })}
          </>
        )}
      </dd>
    </div>
  );
}
