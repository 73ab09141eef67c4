import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { useDebounced } from "@/lib/use-debounced";
import { useHasTable } from "@/lib/use-media";
import { useShortcut } from "@/lib/use-shortcut";
import { Input } from "@/ui/input";
import { Kbd } from "@/ui/kbd";

const typing_pause_ms = 150;

interface SearchFieldProps {
  label: string;
  placeholder: string;
  /** What the address says. */
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  className?: string;
}

/** A search that reports once the typing rests, and follows the address; `/` leads to it. */
export function SearchField({ label, placeholder, value, onChange, className }: SearchFieldProps) {
  const hasTable = useHasTable();
  const field = useRef<HTMLInputElement>(null);
  useShortcut("/", () => field.current?.focus());
  const [typed, setTyped] = useState(value ?? "");
  const settled = useDebounced(typed, typing_pause_ms);
  const reported = useRef(value ?? "");
  useEffect(() => {
    if (settled === reported.current) return;
    reported.current = settled;
    onChange(settled || undefined);
  }, [settled, onChange]);
  // The address changed by itself: "Clear filters", or a step back.
  useEffect(() => {
    const inAddress = value ?? "";
    if (inAddress === reported.current) return;
    reported.current = inAddress;
    setTyped(inAddress);
  }, [value]);
  return (
    <Input
      ref={field}
      type="search"
      aria-label={label}
      placeholder={placeholder}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      lead={<Search size={16} strokeWidth={1.75} aria-hidden />}
      trail={hasTable && <Kbd>/</Kbd>}
      className={className}
    />
  );
}
