import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";
import { useId } from "react";

interface ChoiceProps<Value extends string> {
  value: Value;
  onChange: (value: Value) => void;
  label: string;
  options: readonly { value: Value; label: string; help: string }[];
}

/** One of few, where each needs a sentence. */
export function Choice<Value extends string>({
  value,
  onChange,
  label,
  options,
}: ChoiceProps<Value>) {
  const id = useId();
  return (
    <RadioGroup
      value={value}
      onValueChange={(next) => onChange(next as Value)}
      aria-label={label}
      // In a column that scrolls, what hides its overflow would give all its height away.
      className="shrink-0 overflow-hidden rounded-panel border border-line-strong bg-surface"
    >
      {options.map((option) => (
        <Radio.Root
          key={option.value}
          value={option.value}
          aria-labelledby={`${id}-${option.value}`}
          aria-describedby={`${id}-${option.value}-help`}
          className="group flex w-full items-start gap-3 border-line px-3.5 py-3 text-left transition-colors -outline-offset-2 not-first-of-type:border-t hover:bg-sunken data-[checked]:bg-accent-soft"
        >
          <span className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-full border border-control-line bg-surface group-data-[checked]:border-accent group-data-[checked]:bg-accent">
            <Radio.Indicator className="size-1.5 rounded-full bg-on-accent" />
          </span>
          <span className="flex flex-col">
            <span id={`${id}-${option.value}`} className="font-medium">
              {option.label}
            </span>
            <span
              id={`${id}-${option.value}-help`}
              className="text-head text-muted group-data-[checked]:text-ink"
            >
              {option.help}
            </span>
          </span>
        </Radio.Root>
      ))}
    </RadioGroup>
  );
}
