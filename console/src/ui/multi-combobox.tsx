import { Combobox } from "@base-ui/react/combobox";
import { Check, Plus, X } from "lucide-react";
import { useRef, useState } from "react";

import { cx } from "@/lib/cx";

import type { FieldControl } from "./field";
import { controlFrame } from "./input";

interface MultiComboboxProps extends FieldControl {
  values: string[];
  onChange: (values: string[]) => void;
  /** What can be picked from the list. */
  suggestions: string[];
  /** Whether a typed text that is not in the list may be added. */
  accepts: (text: string) => boolean;
  addLabel: (text: string) => string;
  removeLabel: (value: string) => string;
  emptyLabel: string;
  placeholder: string;
  placeholderMore: string;
}

/** Pick several from a list, or add what is not in it. */
export function MultiCombobox({
  values,
  onChange,
  suggestions,
  accepts,
  addLabel,
  removeLabel,
  emptyLabel,
  placeholder,
  placeholderMore,
  ...control
}: MultiComboboxProps) {
  const [draft, setDraft] = useState("");
  const frame = useRef<HTMLDivElement>(null);

  const typed = draft.trim();
  const isNew = typed !== "" && !suggestions.includes(typed) && accepts(typed);
  const matching = suggestions.filter((item) => item.toLowerCase().includes(typed.toLowerCase()));
  const items = isNew ? [typed, ...matching] : matching;

  return (
    <Combobox.Root
      multiple
      autoHighlight
      items={items}
      filter={null}
      value={values}
      onValueChange={(next) => {
        onChange(next);
        setDraft("");
      }}
      inputValue={draft}
      onInputValueChange={setDraft}
    >
      <Combobox.Chips
        ref={frame}
        className={cx(
          controlFrame,
          "flex min-h-9 flex-wrap items-center gap-1 px-1.5 py-1 has-[input:focus-visible]:border-accent has-[input:focus-visible]:outline-2 has-[input:focus-visible]:-outline-offset-1 has-[input:focus-visible]:outline-accent has-[[aria-invalid]]:border-bad",
        )}
      >
        {values.map((value) => (
          <Combobox.Chip
            key={value}
            className="inline-flex h-6 max-w-full items-center rounded-[4px] bg-sunken pl-1.5 font-mono text-meta outline-none data-[highlighted]:bg-accent-soft"
          >
            <span className="truncate">{value}</span>
            <Combobox.ChipRemove
              aria-label={removeLabel(value)}
              className="inline-flex size-6 shrink-0 items-center justify-center rounded-[4px] text-muted hover:text-ink"
            >
              <X size={12} strokeWidth={2} aria-hidden />
            </Combobox.ChipRemove>
          </Combobox.Chip>
        ))}
        <Combobox.Input
          {...control}
          placeholder={values.length === 0 ? placeholder : placeholderMore}
          autoComplete="off"
          spellCheck={false}
          className="h-6 min-w-24 flex-1 bg-transparent px-1 outline-none"
        />
      </Combobox.Chips>
      <Combobox.Portal>
        <Combobox.Positioner anchor={frame} sideOffset={4} className="z-50 outline-none">
          <Combobox.Popup className="floating max-h-[min(320px,var(--available-height))] w-[var(--anchor-width)] overflow-y-auto rounded-panel border border-line-strong bg-surface p-1 shadow-floating">
            <Combobox.Empty className="px-2 text-head text-muted not-empty:py-1.5">
              {emptyLabel}
            </Combobox.Empty>
            <Combobox.List className="outline-none">
              {(item: string) => (
                <Combobox.Item
                  key={item}
                  value={item}
                  className="flex min-h-8 cursor-default items-center gap-2 rounded-[5px] px-2 font-mono text-head outline-none select-none data-[highlighted]:bg-sunken"
                >
                  <span className="flex size-4 shrink-0 items-center justify-center">
                    {isNew && item === typed ? (
                      <Plus size={14} strokeWidth={1.75} className="text-muted" aria-hidden />
                    ) : (
                      <Combobox.ItemIndicator>
                        <Check size={16} strokeWidth={1.75} className="text-accent" aria-hidden />
                      </Combobox.ItemIndicator>
                    )}
                  </span>
                  <span className="break-all">
                    {isNew && item === typed ? addLabel(item) : item}
                  </span>
                </Combobox.Item>
              )}
            </Combobox.List>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  );
}
