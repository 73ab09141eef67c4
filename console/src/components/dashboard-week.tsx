import { Fragment } from "react";
import { useTranslation } from "react-i18next";

import type { Dashboard } from "@/api/types";
import { cx } from "@/lib/cx";
import { heatOf, weekdayNames, weekGrid } from "@/lib/week";

const heat = ["bg-sunken", "bg-heat-1", "bg-heat-2", "bg-heat-3", "bg-heat-4", "bg-heat-5"];
const labelled_hours = new Set([0, 6, 12, 18]);

/** Requests by weekday and hour. It is a table, whose cells are shaded by what they hold. */
export function DashboardWeek({ week }: { week: Dashboard["week"] }) {
  const { t, i18n } = useTranslation();
  const grid = weekGrid(week, -new Date().getTimezoneOffset());
  const most = Math.max(0, ...grid.flat());
  const [short, long] = [weekdayNames(i18n.language, "short"), weekdayNames(i18n.language, "long")];
  const number = new Intl.NumberFormat(i18n.language);
  return (
    <div
      role="region"
      tabIndex={0}
      aria-labelledby="dashboard-week"
      className="relative overflow-x-auto rounded-panel border border-line-strong bg-surface px-4 py-4"
    >
      <table className="tabular w-full table-fixed border-separate border-spacing-px table:border-spacing-0.5">
        <thead>
          <tr>
            <td className="w-10" />
            {grid[0]?.map((_, hour) => (
              <th
                key={hour}
                scope="col"
                className="overflow-visible text-left text-meta font-normal whitespace-nowrap text-muted"
              >
                <span className={cx(!labelled_hours.has(hour) && "sr-only")}>{hour}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {grid.map((row, day) => (
            <tr key={short[day]}>
              <th scope="row" className="pr-1 text-left text-meta font-normal text-muted">
                {short[day]}
              </th>
              {row.map((count, hour) => (
                <td
                  key={`${day}-${hour}`}
                  title={t("dashboard.weekCell", {
                    day: long[day],
                    from: hour,
                    to: hour + 1,
                    count,
                    requests: number.format(count),
                  })}
                  className={cx("relative h-5 rounded-[3px] p-0", heat[heatOf(count, most)])}
                >
                  <span className="sr-only">{number.format(count)}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p aria-hidden className="mt-2 flex items-center gap-1 text-meta text-muted">
        <span className="mr-1">{number.format(0)}</span>
        {heat.map((step) => (
          <Fragment key={step}>
            <span className={cx("size-3 rounded-[3px]", step)} />
          </Fragment>
        ))}
        <span className="ml-1">{t("dashboard.more", { most: number.format(most) })}</span>
      </p>
    </div>
  );
}
