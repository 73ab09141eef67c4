import { Upload } from "lucide-react";
import { useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";

import type { ChosenList } from "./price-import-sheet";

interface PriceListChoiceProps {
  isBusy: boolean;
  onChosen: (list: ChosenList) => void;
}

/** The file with the list, and whose models to take of it. */
export function PriceListChoice({ isBusy, onChosen }: PriceListChoiceProps) {
  const { t, i18n } = useTranslation();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [providers, setProviders] = useState("");
  const [hasFailed, setHasFailed] = useState(false);
  const show = async () => {
    if (!file) return;
    try {
      const text = await file.text();
      setHasFailed(false);
      onChosen({ text, providers: providers.trim(), except: [] });
    } catch {
      setHasFailed(true);
    }
  };
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void show();
      }}
    >
      <div className="flex flex-col gap-1.5">
        <label htmlFor={id} className="text-head font-medium">
          {t("prices.file")}
        </label>
        <div className="flex flex-wrap items-center gap-3">
          <input
            ref={input}
            id={id}
            type="file"
            accept=".json,application/json"
            className="peer sr-only"
            aria-invalid={hasFailed || undefined}
            aria-describedby={`${id}-note`}
            onChange={(event) => {
              setFile(event.target.files?.[0] ?? null);
              setHasFailed(false);
            }}
          />
          {/* The input itself takes the keyboard; this is what a pointer meets. */}
          <Button
            tabIndex={-1}
            aria-hidden
            className="peer-focus-visible:outline-2 peer-focus-visible:outline-accent"
            icon={<Upload size={14} strokeWidth={1.75} aria-hidden />}
            onClick={() => input.current?.click()}
          >
            {t("prices.fileChoose")}
          </Button>
          <span id={`${id}-note`} className="min-w-0 text-head break-all text-muted">
            {file &&
              t("prices.fileChosen", { name: file.name, size: sizeOf(file.size, i18n.language) })}
          </span>
        </div>
        {hasFailed && (
          <p role="alert" className="text-meta text-bad">
            {t("prices.fileFailed")}
          </p>
        )}
      </div>
      <Field label={t("prices.providersLabel")} help={t("prices.providersHelp")}>
        {(field) => (
          <Input
            {...field}
            autoComplete="off"
            spellCheck={false}
            value={providers}
            onChange={(event) => setProviders(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" className="self-start" disabled={!file} isBusy={isBusy}>
        {t("prices.preview")}
      </Button>
    </form>
  );
}

function sizeOf(bytes: number, language: string): string {
  const format = { style: "unit", unitDisplay: "short", maximumFractionDigits: 1 } as const;
  return bytes < 1_000_000
    ? new Intl.NumberFormat(language, { ...format, unit: "kilobyte" }).format(bytes / 1_000)
    : new Intl.NumberFormat(language, { ...format, unit: "megabyte" }).format(bytes / 1_000_000);
}
