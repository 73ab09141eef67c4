import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { sumsQuery } from "@/api/queries";
import { addMoney, compareMoney, formatMoney, formatShort, shareOf } from "@/lib/money";
import { formatClock, formatDay } from "@/lib/time";
import { barsOf, brushed, isBeyondBars } from "@/lib/usage-histogram";
import { accountOf, type Scope, type UsageSearch } from "@/lib/usage-search";
import { sumsByDay, sumsByHour, type DaySum } from "@/lib/usage-sums";
import { Histogram } from "@/ui/histogram";
import { Segmented } from "@/ui/segmented";

interface UsageHistogramProps {
  scope: Scope;
  search: UsageSearch;
  /** From when "the last day" is counted. */
  now: number;
  onChange: (change: UsageSearch) => void;
}

/** When the calls were: drawing over some bars narrows the log to their time. */
export function UsageHistogram({ scope, search, now, onChange }: UsageHistogramProps) {
  const { t, i18n } = useTranslation();
  const [of, setOf] = useState<"charge" | "requests">("requests");
  const [pointed, setPointed] = useState<{ from: number; to: number } | null>(null);
  const bars = barsOf(search, now);
  const { data } = useQuery({
    ...sumsQuery({ ...bars?.query, ...accountOf(search, scope) }),
    enabled: bars !== null,
  });
  if (bars === null) return null;
  const isByHour = bars.query.by === "hour";
  const points = data?.points.filter(
    (point) => search.model === undefined || point.model === search.model,
  );
  const slots =
    data && points ? (isByHour ? sumsByHour : sumsByDay)({ ...data, points }, bars.query.last) : [];
  const number = new Intl.NumberFormat(i18n.language);
  const print = (slot: DaySum) =>
    isByHour ? formatClock(slot.start, i18n.language) : formatDay(slot.start, i18n.language);
  const shown = pointed === null ? slots : slots.slice(pointed.from, pointed.to + 1);
  const [first, last] = [shown[0], shown.at(-1)];
  const requests = shown.reduce((sum, slot) => sum + slot.requests, 0);
  const charge = addMoney(shown.map((slot) => slot.charge));
  const heights = heightsOf(slots, of);
  return (
    <section aria-label={t("usage.histogram")} className="mb-4">
      <div className="mb-2 flex min-h-7 flex-wrap items-center justify-between gap-2">
        <p aria-hidden className="tabular text-head text-muted">
          {first && last && (
            <>
              <span className="text-ink">
                {first === last ? print(first) : `${print(first)} – ${print(last)}`}
              </span>{" "}
              · {t("usage.barSum", { amount: formatShort(charge), calls: number.format(requests) })}
              {isBeyondBars(search) && ` · ${t("usage.beyondBars")}`}
            </>
          )}
        </p>
        <Segmented
          size="small"
          label={t("usage.barsOf")}
          value={of}
          onChange={setOf}
          options={[
            { value: "requests" as const, label: t("dashboard.requests") },
            { value: "charge" as const, label: t("usage.charge") },
          ]}
        />
      </div>
      {data ? (
        <Histogram
          bars={slots.map((slot, at) => ({ key: slot.start, height: heights[at] ?? 0 }))}
          summary={t("usage.histogramSummary", {
            amount: formatMoney(charge),
            calls: number.format(requests),
          })}
          onPoint={setPointed}
          onBrush={(from, to) => onChange(brushed(Date.parse(data.since), bars.length, from, to))}
        />
      ) : (
        <span className="skeleton block h-16" />
      )}
    </section>
  );
}

function heightsOf(slots: readonly DaySum[], of: "charge" | "requests"): number[] {
  if (of === "requests") {
    const most = Math.max(1, ...slots.map((slot) => slot.requests));
    return slots.map((slot) => slot.requests / most);
  }
  const most = slots.reduce(
    (most, slot) => (compareMoney(slot.charge, most) > 0 ? slot.charge : most),
    "0",
  );
  return slots.map((slot) => shareOf(slot.charge, most));
}
