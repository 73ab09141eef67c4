interface MeterProps {
  percent: number;
  tone: "accent" | "warn" | "bad";
}

const tones = { accent: "bg-accent", warn: "bg-warn", bad: "bg-bad" } as const;

/** Drawn beside a figure that says the same, so it is hidden from those who listen. */
export function Meter({ percent, tone }: MeterProps) {
  return (
    <span aria-hidden className="block h-1 w-full overflow-hidden rounded-full bg-line">
      <span
        className={`block h-full rounded-full ${tones[tone]}`}
        style={{ width: `${percent}%` }}
      />
    </span>
  );
}
