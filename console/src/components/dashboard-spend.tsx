import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, Download } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { sumsQuery } from "@/api/queries";
import { toCsv } from "@/lib/csv";
import { cx } from "@/lib/cx";
import { slotsOf, type DashboardSpan } from "@/lib/dashboard-search";
import { downloadText } from "@/lib/download";
import { addMoney, compareMoney, formatMoney, formatShort } from "@/lib/money";
import { coloursOf } from "@/lib/palette";
import { formatDay, formatHour } from "@/lib/time";
import { accountOf, type Scope } from "@/lib/usage-search";
import {
  foldModels,
  foldSlots,
  sumsByDay,
  sumsByHour,
  sumsByModel,
  type DaySum,
} from "@/lib/usage-sums";
import { Button } from "@/ui/button";
import { Segmented } from "@/ui/segmented";

import { ErrorNote } from "./error-note";
import { Panel } from "./panel";
import { UsageChart } from "./usage-chart";
import { ModelTable, SlotTable } from "./usage-tables";

interface DashboardSpendProps {
  /** Whose. */
  scope: Scope;
  span: DashboardSpan;
  /** The day whose hours are shown. */
  day: string | undefined;
  onDay: (day: string | undefined) => void;
  /** Opens the calls of one hour, "2026-11-25T08". */
  onHour: (hour: string) => void;
}

/** What each model cost, day by day; a day opens its hours, and an hour its calls. */
export function DashboardSpend({ scope, span, day, onDay, onHour }: DashboardSpendProps) {
  const { t, i18n } = useTranslation();
  const [view, setView] = useState<"chart" | "table">("chart");
  const isByHour = day !== undefined || span === "1";
  const query = day === undefined ? slotsOf(span) : { by: "hour", last: 24, until: endOf(day) };
  const { data, error, refetch, isPlaceholderData } = useQuery(
    sumsQuery({ ...query, ...accountOf({}, scope) }),
  );
  // A model keeps its colour when a day is opened.
  const { data: whole } = useQuery(sumsQuery({ ...slotsOf(span), ...accountOf({}, scope) }));
  const { slots, models, colours } = useMemo(() => {
    const all = sumsByModel(data?.points ?? []);
    const own = coloursOf([
      ...new Set([...sumsByModel(whole?.points ?? []), ...all].map((one) => one.model)),
    ]);
    const hasColour = (model: string) => (own.get(model) ?? "other") !== "other";
    const sums = data && (isByHour ? sumsByHour : sumsByDay)(data, query.last);
    return {
      slots: sums && foldSlots(sums, hasColour),
      models: foldModels(all, hasColour),
      colours: own,
    };
  }, [data, whole, isByHour, query.last]);
  const print = (start: string) => (isByHour ? formatHour : formatDay)(start, i18n.language);
  const select = (slot: DaySum) => (isByHour ? onHour : onDay)(slot.start);
  const name = isByHour ? t("dashboard.byHour") : t("dashboard.byDay");
  return (
    <section>
      <div className="mb-2 flex min-h-8 flex-wrap items-center justify-between gap-2">
        <h2 className="text-lead font-semibold">
          {day === undefined
            ? name
            : t("dashboard.hoursOf", { day: formatDay(day, i18n.language) })}
        </h2>
        <span className="flex flex-wrap items-center gap-2">
          {day !== undefined && (
            <Button
              size="small"
              variant="quiet"
              icon={<ChevronLeft size={14} strokeWidth={1.75} aria-hidden />}
              onClick={() => onDay(undefined)}
            >
              {t("dashboard.allDays")}
            </Button>
          )}
          {view === "table" && slots && (
            <Button
              size="small"
              variant="quiet"
              icon={<Download size={14} strokeWidth={1.75} aria-hidden />}
              onClick={() => downloadText("spend.csv", csvOf(slots), "text/csv")}
            >
              {t("usage.exportCsv")}
            </Button>
          )}
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
        </span>
      </div>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {!slots && !error && <span className="skeleton block h-[230px] rounded-panel!" />}
      {slots && models.length === 0 && (
        <Panel>
          <p className="text-muted">{t("token.noUsage")}</p>
        </Panel>
      )}
      {slots && models.length > 0 && (
        <Panel
          className={cx(
            "grid gap-x-10 gap-y-6 transition-opacity menu:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]",
            isPlaceholderData && "opacity-60",
          )}
        >
          {view === "chart" ? (
            <div className="flex flex-col gap-2">
              <UsageChart
                days={slots}
                colours={colours}
                summary={summaryOf(slots)}
                size="tall"
                label={print}
                onSelect={select}
              />
              <p className="text-meta text-muted">
                {t(isByHour ? "dashboard.hourHint" : "dashboard.dayHint")}
              </p>
            </div>
          ) : (
            <SlotTable
              slots={slots}
              label={print}
              head={isByHour ? t("dashboard.hour") : t("token.day")}
              name={name}
              size="tall"
              onSelect={select}
            />
          )}
          <ModelTable models={models} colours={colours} />
        </Panel>
      )}
    </section>
  );

  function summaryOf(slots: readonly DaySum[]): string {
    const most = slots.reduce((most, one) =>
      compareMoney(one.charge, most.charge) > 0 ? one : most,
    );
    return t("dashboard.summary", {
      amount: formatMoney(addMoney(slots.map((one) => one.charge))),
      most: formatShort(most.charge),
      when: print(most.start),
    });
  }
}

function endOf(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString();
}

/** One line for each model of each day or hour. */
function csvOf(slots: readonly DaySum[]): string {
  return toCsv([
    ["start_utc", "model", "charge_usd"],
    ...slots.flatMap((slot) => slot.parts.map((part) => [slot.start, part.model, part.charge])),
  ]);
}
