import { Plus, X } from "lucide-react";
import { Controller, useFieldArray, type UseFormReturn } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { priceKeys } from "@/lib/models";
import { Button, IconButton } from "@/ui/button";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";
import { Select } from "@/ui/select";

import { emptyRule, type PriceTexts, type PriceValues } from "./price-values";
import { useFieldError } from "./use-field-error";

export interface PriceFieldsProps {
  form: UseFormReturn<PriceValues>;
}

type Faults = Partial<Record<keyof PriceTexts, { message?: string }>>;

interface MeterFieldsProps extends PriceFieldsProps {
  at: "prices" | `rules.${number}.prices`;
  faults: Faults | undefined;
}

/** A price for each thing that can have one. */
export function MeterFields({ form, at, faults }: MeterFieldsProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  return (
    <div className="grid grid-cols-2 gap-x-3 gap-y-4">
      {priceKeys.map((key) => (
        <Field key={key} label={t(`models.price_${key}`)} error={errorText(faults?.[key]?.message)}>
          {(field) => (
            <Input
              {...field}
              inputMode="decimal"
              autoComplete="off"
              lead="$"
              className="tabular"
              {...form.register(`${at}.${key}`)}
            />
          )}
        </Field>
      ))}
    </div>
  );
}

/** Rules, each with its conditions and prices. */
export function RuleFields({ form }: PriceFieldsProps) {
  const { t } = useTranslation();
  const { fields, append, remove } = useFieldArray({ control: form.control, name: "rules" });
  return (
    <section className="flex flex-col gap-3">
      <div>
        <h3 className="font-medium">{t("prices.rulesTitle")}</h3>
        <p className="text-head text-muted">{t("prices.rulesLead")}</p>
      </div>
      {fields.map((field, place) => (
        <fieldset
          key={field.id}
          className="flex flex-col gap-4 rounded-panel border border-line-strong bg-surface px-3.5 py-3"
        >
          <legend className="sr-only">{t("prices.ruleOf", { number: place + 1 })}</legend>
          <div className="flex items-center justify-between gap-3">
            <span aria-hidden className="font-medium">
              {t("prices.ruleOf", { number: place + 1 })}
            </span>
            <IconButton
              size="small"
              label={t("prices.removeRule", { number: place + 1 })}
              icon={<X size={14} strokeWidth={1.75} aria-hidden />}
              onClick={() => remove(place)}
            />
          </div>
          <ConditionFields form={form} place={place} />
          <MeterFields
            form={form}
            at={`rules.${place}.prices`}
            faults={form.formState.errors.rules?.[place]?.prices}
          />
        </fieldset>
      ))}
      <Button
        size="small"
        className="self-start"
        icon={<Plus size={14} strokeWidth={1.75} aria-hidden />}
        onClick={() => append(emptyRule)}
      >
        {t("prices.addRule")}
      </Button>
    </section>
  );
}

const textConditions = [
  ["serviceTier", "prices.serviceTierLabel", "priority"],
  ["speed", "prices.speedLabel", "fast"],
  ["inferenceGeo", "prices.geoLabel", "us"],
  ["dailyFrom", "prices.dailyFrom", "16:30"],
  ["dailyUntil", "prices.dailyUntil", "00:30"],
] as const;

function ConditionFields({ form, place }: PriceFieldsProps & { place: number }) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const faults = form.formState.errors.rules?.[place];
  return (
    <div className="grid grid-cols-2 gap-x-3 gap-y-4">
      <Field
        label={t("prices.inputAbove")}
        help={t("prices.inputAboveHelp")}
        error={errorText(faults?.inputAbove?.message)}
      >
        {(field) => (
          <Input
            {...field}
            inputMode="numeric"
            autoComplete="off"
            className="tabular"
            {...form.register(`rules.${place}.inputAbove`)}
          />
        )}
      </Field>
      <Field label={t("prices.part")} error={errorText(faults?.part?.message)}>
        {() => (
          <Controller
            control={form.control}
            name={`rules.${place}.part`}
            render={({ field: { value, onChange } }) => (
              <Select
                label={t("prices.part")}
                value={value}
                onChange={onChange}
                options={(["whole", "above"] as const).map((part) => ({
                  value: part,
                  label: t(`prices.part_${part}`),
                }))}
              />
            )}
          />
        )}
      </Field>
      {textConditions.map(([name, label, example]) => (
        <Field key={name} label={t(label)} error={errorText(faults?.[name]?.message)}>
          {(field) => (
            <Input
              {...field}
              autoComplete="off"
              spellCheck={false}
              placeholder={example}
              {...form.register(`rules.${place}.${name}`)}
            />
          )}
        </Field>
      ))}
    </div>
  );
}
