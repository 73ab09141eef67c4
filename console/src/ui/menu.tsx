import { Menu as Base } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import type { ReactElement, ReactNode } from "react";

import { cx } from "@/lib/cx";

interface MenuProps {
  /** The button that opens it. */
  trigger: ReactElement;
  side?: "top" | "bottom";
  align?: "start" | "end";
  children: ReactNode;
}

export function Menu({ trigger, side = "bottom", align = "end", children }: MenuProps) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner side={side} align={align} sideOffset={4} className="z-50 outline-none">
          <Base.Popup className="floating min-w-44 rounded-panel border border-line-strong bg-surface p-1 shadow-floating outline-none">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

const itemLook =
  "flex h-8 w-full cursor-default items-center gap-2 rounded-[5px] px-2 outline-none select-none data-[highlighted]:bg-sunken";

interface ItemProps {
  onSelect: () => void;
  icon?: ReactNode;
  tone?: "plain" | "danger";
  children: ReactNode;
}

export function MenuItem({ onSelect, icon, tone = "plain", children }: ItemProps) {
  return (
    <Base.Item
      onClick={onSelect}
      className={cx(itemLook, tone === "danger" && "text-bad data-[highlighted]:bg-bad-soft")}
    >
      {icon}
      {children}
    </Base.Item>
  );
}

export function MenuSeparator() {
  return <Base.Separator className="-mx-1 my-1 h-px bg-line" />;
}

interface MenuChoiceProps<Value extends string> {
  label: string;
  value: Value;
  onChange: (value: Value) => void;
  options: readonly { value: Value; label: string; lang?: string }[];
}

export function MenuChoice<Value extends string>({
  label,
  value,
  onChange,
  options,
}: MenuChoiceProps<Value>) {
  return (
    <Base.Group>
      <Base.GroupLabel className="px-2 pt-1.5 pb-1 text-meta text-muted">{label}</Base.GroupLabel>
      <Base.RadioGroup value={value} onValueChange={(next) => onChange(next as Value)}>
        {options.map((option) => (
          <Base.RadioItem
            key={option.value}
            value={option.value}
            lang={option.lang}
            closeOnClick
            className={itemLook}
          >
            <span className="flex size-4 items-center justify-center">
              <Base.RadioItemIndicator>
                <Check size={16} strokeWidth={1.75} className="text-accent" aria-hidden />
              </Base.RadioItemIndicator>
            </span>
            {option.label}
          </Base.RadioItem>
        ))}
      </Base.RadioGroup>
    </Base.Group>
  );
}
