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
  /** How much room it takes. */
  size?: "low" | "tall";
  /** How a day or hour is printed. */
  label?: ((start: string) => string) | undefined;
  /** Where a bar leads. What it does has to stand in the table too: the chart takes no focus. */
  onSelect?: ((slot: DaySum) => void) | undefined;
}

/** What was spent each day, stacked by model, from zero. The day under the pointer is read out above. */
export function UsageChart({
  days,
  colours,
  summary,
  size = "low",
  label,
  onSelect,
}: UsageChartProps) {
  const { t, i18n } = useTranslation();
  const print = label ?? ((start: string) => formatDay(start, i18n.language));
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
              day: print(shown.start),
              amount: formatShort(shown.charge),
              count: shown.requests,
            })}
        </span>
      </p>
      <div
        role="img"
        aria-label={summary}
        onPointerLeave={() => setPointed(null)}
        className={cx(
          "relative flex items-stretch border-y border-line before:pointer-events-none before:absolute before:inset-x-0 before:top-1/2 before:border-t before:border-line",
          size === "low" ? "h-36" : "h-36 menu:h-52",
        )}
      >
        {days.map((one, index) => (
          <Bar
            key={one.start}
            day={one}
            end={end}
            colours={colours}
            isPointed={pointed === index}
            onPoint={() => setPointed(index)}
            onSelect={onSelect && one.requests > 0 ? () => onSelect(one) : undefined}
          />
        ))}
      </div>
      <p aria-hidden className="tabular mt-1 flex justify-between text-meta text-muted">
        <span>{first && print(first.start)}</span>
        <span>{last && print(last.start)}</span>
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
  onSelect: (() => void) | undefined;
}

function Bar({ day, end, colours, isPointed, onPoint, onSelect }: BarProps) {
  return (
    <div
      onPointerEnter={onPoint}
      onPointerDown={onPoint}
      onClick={onSelect}
      className={cx(
        "relative flex flex-1 flex-col justify-end px-px",
        isPointed && "bg-sunken",
        onSelect && "cursor-pointer",
      )}
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
