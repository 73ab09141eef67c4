import { Switch as Base } from "@base-ui/react/switch";

import { cx } from "@/lib/cx";

interface SwitchProps {
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  label?: string;
  labelledBy?: string;
  isDisabled?: boolean;
}

export function Switch({ isOn, onChange, label, labelledBy, isDisabled }: SwitchProps) {
  return (
    <Base.Root
      checked={isOn}
      onCheckedChange={onChange}
      disabled={isDisabled}
      aria-label={label}
      aria-labelledby={labelledBy}
      // The drawn track is 16 px high; the padding gives fingers their 24.
      className="group inline-flex h-6 shrink-0 items-center rounded-full"
    >
      <span
        className={cx(
          "flex h-4 w-7 items-center rounded-full p-0.5 transition-colors",
          "bg-control-line group-data-[checked]:bg-accent",
        )}
      >
        <Base.Thumb className="size-3 rounded-full bg-surface transition-transform data-[checked]:translate-x-3" />
      </span>
    </Base.Root>
  );
}
