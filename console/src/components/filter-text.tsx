import { useId, useState, type ReactNode } from "react";

import { Input } from "@/ui/input";

interface FilterTextProps {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  /** What is no value at all is marked and not sent. */
  accepts?: (text: string) => boolean;
  suggestions?: readonly string[];
  lead?: ReactNode;
  className?: string;
}

const anything = () => true;

/** A text that narrows a list once it is whole: with Enter, or when the field is left. */
export function FilterText({
  label,
  value = "",
  onChange,
  accepts = anything,
  suggestions,
  lead,
  className,
}: FilterTextProps) {
  const list = useId();
  const [draft, setDraft] = useState(value);
  // The address changed by itself: "Clear filters", or a step back.
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setDraft(value);
  }
  const text = draft.trim();
  const isWrong = text !== "" && !accepts(text);
  const settle = () => {
    if (!isWrong && text !== value) onChange(text === "" ? undefined : text);
  };
  return (
    <>
      <Input
        aria-label={label}
        aria-invalid={isWrong || undefined}
        placeholder={label}
        autoComplete="off"
        spellCheck={false}
        list={suggestions ? list : undefined}
        lead={lead}
        className={className}
        value={draft}
        onChange={(event) => {
          setDraft(event.target.value);
          // What was picked from the list is whole at once.
          if (suggestions?.includes(event.target.value)) onChange(event.target.value);
        }}
        onBlur={settle}
        onKeyDown={(event) => event.key === "Enter" && settle()}
      />
      {suggestions && (
        <datalist id={list}>
          {suggestions.map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      )}
    </>
  );
}
