import { Select as Base } from "@base-ui/react/select";
import { Check, ChevronsUpDown } from "lucide-react";

import { cx } from "@/lib/cx";

import { controlFrame } from "./input";

interface SelectProps<Value extends string> {
  value: Value;
  onChange: (value: Value) => void;
  options: readonly { value: Value; label: string }[];
  label: string;
  className?: string;
}

export function Select<Value extends string>({
  value,
  onChange,
  options,
  label,
  className,
}: SelectProps<Value>) {
  return (
    <Base.Root
      items={options}
      value={value}
      onValueChange={(next) => next !== null && onChange(next)}
      modal={false}
    >
      <Base.Trigger
        aria-label={label}
        className={cx(
          controlFrame,
          "flex h-9 items-center justify-between gap-2 px-2.5",
          className,
        )}
      >
        <Base.Value className="truncate" />
        <Base.Icon className="text-muted">
          <ChevronsUpDown size={14} strokeWidth={1.75} aria-hidden />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50 outline-none">
          <Base.Popup className="floating min-w-[var(--anchor-width)] rounded-panel border border-line-strong bg-surface p-1 shadow-floating outline-none">
            <Base.List>
              {options.map((option) => (
                <Base.Item
                  key={option.value}
                  value={option.value}
                  className="flex h-8 cursor-default items-center gap-2 rounded-[5px] px-2 outline-none select-none data-[highlighted]:bg-sunken"
                >
                  <span className="flex size-4 items-center justify-center">
                    <Base.ItemIndicator>
                      <Check size={16} strokeWidth={1.75} className="text-accent" aria-hidden />
                    </Base.ItemIndicator>
                  </span>
                  <Base.ItemText>{option.label}</Base.ItemText>
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
