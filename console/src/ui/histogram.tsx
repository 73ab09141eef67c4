import { useState, type PointerEvent } from "react";

import { cx } from "@/lib/cx";

export interface HistogramBar {
  key: string;
  /** From 0 to 1. */
  height: number;
}

interface HistogramProps {
  bars: readonly HistogramBar[];
  /** What is drawn, in one sentence for those who do not see it. */
  summary: string;
  /** What the bars from one to another stand for, while they are pointed at. */
  onPoint: (span: { from: number; to: number } | null) => void;
  /** Those that were drawn over. */
  onBrush: (from: number, to: number) => void;
}

/** Bars from zero; drawing over some of them chooses what they span. */
export function Histogram({ bars, summary, onPoint, onBrush }: HistogramProps) {
  const [anchor, setAnchor] = useState<number | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const span =
    at === null ? null : { from: Math.min(anchor ?? at, at), to: Math.max(anchor ?? at, at) };

  const indexOf = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const place = Math.floor(((event.clientX - box.left) / box.width) * bars.length);
    return Math.min(bars.length - 1, Math.max(0, place));
  };
  const point = (index: number, from: number | null) => {
    setAt(index);
    onPoint({ from: Math.min(from ?? index, index), to: Math.max(from ?? index, index) });
  };
  const leave = () => {
    setAnchor(null);
    setAt(null);
    onPoint(null);
  };

  return (
    <div
      role="img"
      aria-label={summary}
      className="flex h-16 cursor-crosshair touch-pan-y items-end border-b border-line select-none"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const index = indexOf(event);
        setAnchor(index);
        point(index, index);
      }}
      onPointerMove={(event) => point(indexOf(event), anchor)}
      onPointerUp={(event) => {
        if (anchor === null) return;
        const index = indexOf(event);
        leave();
        onBrush(Math.min(anchor, index), Math.max(anchor, index));
      }}
      onPointerCancel={leave}
      onPointerLeave={() => anchor === null && leave()}
    >
      {bars.map((bar, index) => {
        const isIn = span !== null && index >= span.from && index <= span.to;
        return (
          <span
            key={bar.key}
            className={cx(
              "flex h-full min-w-0 flex-1 items-end px-[0.5px]",
              isIn && "bg-accent-soft",
            )}
          >
            <span
              className={cx("block w-full rounded-t-[1px]", isIn ? "bg-accent" : "bg-accent/60")}
              style={{ height: bar.height === 0 ? 0 : `max(2px, ${bar.height * 100}%)` }}
            />
          </span>
        );
      })}
    </div>
  );
}
