import { X } from "lucide-react";
import { useRef, useState, type ClipboardEvent, type KeyboardEvent } from "react";

import { cx } from "@/lib/cx";

import type { FieldControl } from "./field";
import { controlFrame } from "./input";

interface ChipsInputProps extends FieldControl {
  values: string[];
  onChange: (values: string[]) => void;
  placeholder: string;
  placeholderMore: string;
  removeLabel: (value: string) => string;
  isInvalid: (value: string, index: number) => boolean;
}

const separators = /[\s,;]+/;

/** A list of short texts. Enter, comma, leaving the field and pasting all turn text into chips. */
export function ChipsInput({
  values,
  onChange,
  placeholder,
  placeholderMore,
  removeLabel,
  isInvalid,
  ...control
}: ChipsInputProps) {
  const [draft, setDraft] = useState("");
  const input = useRef<HTMLInputElement>(null);

  const add = (text: string) => {
    const added = text.split(separators).filter((part) => part !== "");
    setDraft("");
    if (added.length > 0) onChange([...new Set([...values, ...added])]);
  };

  const remove = (index: number) => {
    onChange(values.filter((_, at) => at !== index));
    input.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Backspace" && draft === "" && values.length > 0) remove(values.length - 1);
    if (event.key !== "," && event.key !== " " && (event.key !== "Enter" || draft === "")) return;
    event.preventDefault();
    add(draft);
  };

  const onPaste = (event: ClipboardEvent) => {
    const text = event.clipboardData.getData("text");
    if (!separators.test(text.trim())) return;
    event.preventDefault();
    add(draft + text);
  };

  return (
    <div
      onClick={() => input.current?.focus()}
      className={cx(
        controlFrame,
        "flex min-h-9 cursor-text flex-wrap items-center gap-1 px-1.5 py-1 has-[input:focus-visible]:border-accent has-[input:focus-visible]:outline-2 has-[input:focus-visible]:-outline-offset-1 has-[input:focus-visible]:outline-accent has-[[aria-invalid]]:border-bad",
      )}
    >
      {values.map((value, index) => (
        <Chip
          key={value}
          text={value}
          isBad={isInvalid(value, index)}
          removeLabel={removeLabel(value)}
          onRemove={() => remove(index)}
        />
      ))}
      <input
        {...control}
        ref={input}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
        onBlur={() => add(draft)}
        placeholder={values.length === 0 ? placeholder : placeholderMore}
        autoComplete="off"
        spellCheck={false}
        className="h-6 min-w-24 flex-1 bg-transparent px-1 outline-none"
      />
    </div>
  );
}

interface ChipProps {
  text: string;
  isBad: boolean;
  removeLabel: string;
  onRemove: () => void;
}

function Chip({ text, isBad, removeLabel, onRemove }: ChipProps) {
  return (
    <span
      className={cx(
        "inline-flex h-6 max-w-full items-center rounded-[4px] pl-1.5 font-mono text-meta",
        isBad ? "bg-bad-soft text-bad" : "bg-sunken",
      )}
    >
      <span className="truncate">{text}</span>
      <button
        type="button"
        aria-label={removeLabel}
        onClick={onRemove}
        className="inline-flex size-6 shrink-0 items-center justify-center rounded-[4px] text-muted hover:text-ink"
      >
        <X size={12} strokeWidth={2} aria-hidden />
      </button>
    </span>
  );
}
