import { useTranslation } from "react-i18next";

import type { Series } from "@/api/types";
import { addMoney, formatMoney, meterPercent } from "@/lib/money";
import { day, formatDate } from "@/lib/time";

interface UsageByDayProps {
  series: Series;
  days: number;
}

/** What was spent each day: bars from zero, and the same as a list for those who listen. */
export function UsageByDay({ series, days }: UsageByDayProps) {
  const { t, i18n } = useTranslation();
  const first = new Date(series.since).getTime();
  const sums = Array.from({ length: days }, (_, index) => {
    const start = new Date(first + index * day).toISOString().slice(0, 10);
    const points = series.points.filter((point) => point.start.startsWith(start));
    return {
      start,
      charge: addMoney(points.map((point) => point.charge)),
      requests: points.reduce((sum, point) => sum + point.requests, 0),
    };
  });
  const most = sums.reduce(
    (most, one) => (meterPercent(most, one.charge) < 100 ? one.charge : most),
    "0",
  );
  return (
    <ol
      aria-label={t("token.byDay")}
      className="flex h-28 items-end gap-px rounded-panel border border-line-strong bg-surface px-4 pt-4 pb-3"
    >
      {sums.map((one) => {
        const label = t("token.dayLabel", {
          day: formatDate(one.start, i18n.language),
          amount: formatMoney(one.charge),
          count: one.requests,
        });
        return (
          <li key={one.start} className="flex h-full flex-1 items-end" title={label}>
            <span className="sr-only">{label}</span>
            <span
              aria-hidden
              className="block min-h-px w-full rounded-t-[2px] bg-accent"
              style={{ height: `${meterPercent(one.charge, most)}%` }}
            />
          </li>
        );
      })}
    </ol>
  );
}
