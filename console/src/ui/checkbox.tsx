import { Checkbox as Base } from "@base-ui/react/checkbox";
import { Check, Minus } from "lucide-react";

import { cx } from "@/lib/cx";

interface CheckboxProps {
  isChecked: boolean;
  /** Some of what it stands for is chosen, not all. */
  isPartly?: boolean;
  onChange: (isChecked: boolean) => void;
  label?: string;
  labelledBy?: string;
}

export function Checkbox({
  isChecked,
  isPartly = false,
  onChange,
  label,
  labelledBy,
}: CheckboxProps) {
  const isFull = isChecked || isPartly;
  return (
    <Base.Root
      checked={isChecked}
      indeterminate={isPartly}
      onCheckedChange={onChange}
      aria-label={label}
      aria-labelledby={labelledBy}
      // The drawn box is 16 px wide; the padding gives fingers their 24.
      className="inline-flex size-6 shrink-0 items-center justify-center rounded-[4px]"
    >
      <span
        className={cx(
          "flex size-4 items-center justify-center rounded-[4px] border transition-colors",
          isFull ? "border-accent bg-accent text-on-accent" : "border-control-line bg-surface",
        )}
      >
        {isFull &&
          (isPartly ? (
            <Minus size={12} strokeWidth={2.5} aria-hidden />
          ) : (
            <Check size={12} strokeWidth={2.5} aria-hidden />
          ))}
      </span>
    </Base.Root>
  );
}
