import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { seriesQuery } from "@/api/queries";
import { addMoney, compareMoney, formatMoney } from "@/lib/money";
import { coloursOf } from "@/lib/palette";
import { spans, type Span } from "@/lib/spans";
import { formatDay } from "@/lib/time";
import { sumsByDay, sumsByModel, type DaySum } from "@/lib/usage-sums";
import { Segmented } from "@/ui/segmented";

import { ErrorNote } from "./error-note";
import { Panel } from "./panel";
import { UsageChart } from "./usage-chart";
import { DayTable, ModelTable } from "./usage-tables";

interface TokenUsageProps {
  id: string;
  span: Span;
  onSpan: (span: Span) => void;
}

/** What the token spent: day by day, drawn or as a table, and model by model. */
export function TokenUsage({ id, span, onSpan }: TokenUsageProps) {
  const { t } = useTranslation();
  const [view, setView] = useState<"chart" | "table">("chart");
  const days = Number(span);
  const { data, error, refetch } = useQuery(seriesQuery(id, days));
  const sums = useMemo(() => data && sumsByDay(data, days), [data, days]);
  const models = useMemo(() => sumsByModel(data?.points ?? []), [data]);
  const colours = useMemo(() => coloursOf(models.map((one) => one.model)), [models]);
  const summary = useSummary(sums ?? []);
  return (
    <section>
      <div className="mb-2 flex flex-wrap items-center justify-between gap-2">
        <h2 className="text-lead font-semibold">{t("token.usage")}</h2>
        <span className="flex flex-wrap gap-2">
          <Segmented
            size="small"
            label={t("token.view")}
            value={view}
            onChange={setView}
            options={[
              { value: "chart" as const, label: t("token.chart") },
              { value: "table" as const, label: t("token.table") },
            ]}
          />
          <Segmented
            size="small"
            label={t("token.span")}
            value={span}
            onChange={onSpan}
            options={spans.map((value) => ({
              value,
              label: t("token.spanDays", { count: Number(value) }),
            }))}
          />
        </span>
      </div>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {sums && models.length === 0 && (
        <Panel>
          <p className="text-muted">{t("token.noUsage")}</p>
        </Panel>
      )}
      {sums && models.length > 0 && (
        <Panel className="grid gap-x-10 gap-y-6 menu:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          {view === "chart" ? (
            <UsageChart days={sums} colours={colours} summary={summary} />
          ) : (
            <DayTable days={sums} />
          )}
          <ModelTable models={models} colours={colours} />
        </Panel>
      )}
      {!sums && !error && <span className="skeleton block h-[230px] rounded-panel!" />}
    </section>
  );
}

function useSummary(days: readonly DaySum[]): string {
  const { t, i18n } = useTranslation();
  const highest = days.reduce<DaySum | undefined>(
    (most, one) => (most && compareMoney(most.charge, one.charge) >= 0 ? most : one),
    undefined,
  );
  if (!highest) return t("token.noUsage");
  return t("token.summary", {
    amount: formatMoney(addMoney(days.map((one) => one.charge))),
    days: days.length,
    most: formatMoney(highest.charge),
    day: formatDay(highest.start, i18n.language),
  });
}
