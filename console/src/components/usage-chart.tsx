import { useState } from "react";
import { useTranslation } from "react-i18next";

import { cx } from "@/lib/cx";
import { compareMoney, formatMoney, formatShort, scaleEnd, shareOf } from "@/lib/money";
import { slotColour, type Slot } from "@/lib/palette";
import { formatDay } from "@/lib/time";
import type { DaySum } from "@/lib/usage-sums";

interface UsageChartProps {
  days: DaySum[];
  colours: ReadonlyMap<string, Slot>;
  /** What is drawn, in one sentence for those who do not see it. */
  summary: string;
}

/** What was spent each day, stacked by model, from zero. The day under the pointer is read out above. */
export function UsageChart({ days, colours, summary }: UsageChartProps) {
  const { t, i18n } = useTranslation();
  const [pointed, setPointed] = useState<number | null>(null);
  const most = days.reduce(
    (most, one) => (compareMoney(one.charge, most) > 0 ? one.charge : most),
    "0",
  );
  const end = scaleEnd(most);
  const shown = pointed === null ? undefined : days[pointed];
  const first = days[0];
  const last = days.at(-1);
  return (
    <div>
      <p aria-hidden className="tabular flex h-5 items-center justify-between text-meta text-muted">
        <span>{formatMoney(end)}</span>
        <span className="text-ink">
          {shown &&
            t("token.dayLabel", {
              day: formatDay(shown.start, i18n.language),
              amount: formatShort(shown.charge),
              count: shown.requests,
            })}
        </span>
      </p>
      <div
        role="img"
        aria-label={summary}
        onPointerLeave={() => setPointed(null)}
        className="relative flex h-36 items-stretch border-y border-line before:pointer-events-none before:absolute before:inset-x-0 before:top-1/2 before:border-t before:border-line"
      >
        {days.map((one, index) => (
          <Bar
            key={one.start}
            day={one}
            end={end}
            colours={colours}
            isPointed={pointed === index}
            onPoint={() => setPointed(index)}
          />
        ))}
      </div>
      <p aria-hidden className="tabular mt-1 flex justify-between text-meta text-muted">
        <span>{first && formatDay(first.start, i18n.language)}</span>
        <span>{last && formatDay(last.start, i18n.language)}</span>
      </p>
    </div>
  );
}

interface BarProps {
  day: DaySum;
  end: string;
  colours: ReadonlyMap<string, Slot>;
  isPointed: boolean;
  onPoint: () => void;
}

function Bar({ day, end, colours, isPointed, onPoint }: BarProps) {
  return (
    <div
      onPointerEnter={onPoint}
      onPointerDown={onPoint}
      className={cx("relative flex flex-1 flex-col justify-end px-px", isPointed && "bg-sunken")}
    >
      {/* The dearest model stands on the baseline. */}
      {day.parts.toReversed().map((part) => (
        <span
          key={part.model}
          className={cx(
            "block w-full border-t border-surface first:rounded-t-[2px]",
            slotColour[colours.get(part.model) ?? "other"],
          )}
          style={{ height: `${shareOf(part.charge, end) * 100}%` }}
        />
      ))}
    </div>
  );
}
