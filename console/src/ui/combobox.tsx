import { Combobox as Base } from "@base-ui/react/combobox";
import { Check, ChevronsUpDown } from "lucide-react";
import { useRef } from "react";

import { cx } from "@/lib/cx";

import type { FieldControl } from "./field";
import { controlFrame } from "./input";

interface ComboboxProps extends FieldControl {
  value: string | null;
  onChange: (value: string) => void;
  items: readonly string[];
  placeholder: string;
  emptyLabel: string;
}

/** Picks one from a long list, by typing a part of it. */
export function Combobox({
  value,
  onChange,
  items,
  placeholder,
  emptyLabel,
  ...control
}: ComboboxProps) {
  const frame = useRef<HTMLDivElement>(null);
  return (
    <Base.Root
      items={items}
      value={value}
      onValueChange={(next) => next !== null && onChange(next)}
      autoHighlight
    >
      <Base.InputGroup
        ref={frame}
        className={cx(
          controlFrame,
          "flex h-9 w-full items-center gap-2 px-2.5 has-[:focus-visible]:border-accent has-[:focus-visible]:outline-2 has-[:focus-visible]:-outline-offset-1 has-[:focus-visible]:outline-accent",
        )}
      >
        <Base.Input
          {...control}
          placeholder={placeholder}
          autoComplete="off"
          spellCheck={false}
          onFocus={(event) => event.currentTarget.select()}
          className="h-full w-full min-w-0 truncate bg-transparent outline-none"
        />
        <Base.Icon className="text-muted">
          <ChevronsUpDown size={14} strokeWidth={1.75} aria-hidden />
        </Base.Icon>
      </Base.InputGroup>
      <Base.Portal>
        <Base.Positioner anchor={frame} sideOffset={4} className="z-50 outline-none">
          <Base.Popup className="floating max-h-[min(320px,var(--available-height))] w-[var(--anchor-width)] overflow-y-auto rounded-panel border border-line-strong bg-surface p-1 shadow-floating">
            <Base.Empty className="px-2 text-head text-muted not-empty:py-1.5">
              {emptyLabel}
            </Base.Empty>
            <Base.List className="outline-none">
              {(item: string) => (
                <Base.Item
                  key={item}
                  value={item}
                  className="flex min-h-8 cursor-default items-center gap-2 rounded-[5px] px-2 outline-none select-none data-[highlighted]:bg-sunken"
                >
                  <span className="flex size-4 shrink-0 items-center justify-center">
                    <Base.ItemIndicator>
                      <Check size={16} strokeWidth={1.75} className="text-accent" aria-hidden />
                    </Base.ItemIndicator>
                  </span>
                  <span className="break-all">{item}</span>
                </Base.Item>
              )}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
