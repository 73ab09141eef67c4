import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";

import { cx } from "@/lib/cx";

interface SegmentedProps<Value extends string> {
  value: Value;
  onChange: (value: Value) => void;
  options: readonly { value: Value; label: string }[];
  label?: string;
  labelledBy?: string;
  describedBy?: string | undefined;
  size?: "small" | "medium";
  /** Takes the width there is, in equal parts. */
  isStretched?: boolean;
}

export function Segmented<Value extends string>({
  value,
  onChange,
  options,
  label,
  labelledBy,
  describedBy,
  size = "medium",
  isStretched = false,
}: SegmentedProps<Value>) {
  return (
    <RadioGroup
      value={value}
      onValueChange={(next) => onChange(next as Value)}
      aria-label={label}
      aria-labelledby={labelledBy}
      aria-describedby={describedBy}
      className={cx(
        "rounded-control bg-sunken p-0.5 ring-1 ring-line ring-inset",
        isStretched ? "flex w-full" : "inline-flex",
      )}
    >
      {options.map((option) => (
        <Radio.Root
          key={option.value}
          value={option.value}
          className={cx(
            "inline-flex items-center justify-center rounded-[5px] border border-transparent text-head font-medium whitespace-nowrap text-muted transition-colors select-none hover:text-ink",
            "data-[checked]:border-line-strong data-[checked]:bg-surface data-[checked]:text-ink",
            size === "small" ? "h-6 px-2" : "h-7 px-2.5",
            isStretched && "flex-auto",
          )}
        >
          {option.label}
        </Radio.Root>
      ))}
    </RadioGroup>
  );
}
