import { Controller, type Control, type FieldErrors, type UseFormRegister } from "react-hook-form";
import { useTranslation } from "react-i18next";

import type { Tier } from "@/api/types";
import { ChipsInput } from "@/ui/chips-input";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";
import { MultiCombobox } from "@/ui/multi-combobox";

import { GroupField } from "./group-field";
import { endpoints, type TokenValues } from "./token-values";
import { useFieldError } from "./use-field-error";

interface AdvancedProps {
  control: Control<TokenValues>;
  register: UseFormRegister<TokenValues>;
  errors: FieldErrors<TokenValues>;
  /** Open where something in it is set or wrong. */
  isOpen: boolean;
  /** Several can be made at once, but not edited. */
  isNew: boolean;
  tier: Tier | null;
}

const budgets = ["budgetDay", "budgetWeek", "budgetMonth"] as const;
const rates = ["requestsPerMinute", "unitsPerMinute", "concurrency"] as const;

/** What few tokens need: out of the way until it is asked for. */
export function AdvancedFields({ control, register, errors, isOpen, isNew, tier }: AdvancedProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const hasError = [...budgets, ...rates, "count" as const].some((name) => errors[name]);
  return (
    <details open={isOpen || hasError || undefined} className="group border-t border-line pt-4">
      <summary className="cursor-default rounded-[4px] text-head font-medium select-none">
        {t("tokenForm.advanced")}
      </summary>
      <div className="mt-4 flex flex-col gap-5">
        <div className="grid grid-cols-3 gap-3">
          {budgets.map((name) => (
            <Field
              key={name}
              label={t(`tokenForm.${name}`)}
              error={errorText(errors[name]?.message)}
            >
              {(field) => (
                <Input
                  {...field}
                  inputMode="decimal"
                  autoComplete="off"
                  lead="$"
                  placeholder={t("tokenForm.none")}
                  className="tabular"
                  {...register(name)}
                />
              )}
            </Field>
          ))}
          <p className="col-span-3 -mt-1 text-meta text-muted">{t("tokenForm.budgetsHelp")}</p>
        </div>
        <div className="grid grid-cols-3 gap-3">
          {rates.map((name) => (
            <Field
              key={name}
              label={t(`tokenForm.${name}`)}
              error={errorText(errors[name]?.message)}
            >
              {(field) => (
                <Input
                  {...field}
                  inputMode="numeric"
                  autoComplete="off"
                  placeholder={t("tokenForm.none")}
                  className="tabular"
                  {...register(name)}
                />
              )}
            </Field>
          ))}
        </div>
        <GroupField control={control} allowed={tier?.groups ?? []} />
        <Field label={t("tokenForm.endpoints")} help={t("tokenForm.endpointsHelp")}>
          {(field) => (
            <Controller
              control={control}
              name="endpoints"
              render={({ field: { value, onChange } }) => (
                <MultiCombobox
                  {...field}
                  values={value}
                  onChange={onChange}
                  suggestions={[...endpoints]}
                  accepts={(text) => endpoints.some((endpoint) => endpoint === text)}
                  addLabel={(endpoint) => endpoint}
                  removeLabel={(endpoint) => t("common.remove", { value: endpoint })}
                  emptyLabel={t("tokenForm.endpointsEmpty")}
                  placeholder={t("tokenForm.endpointsPlaceholder")}
                  placeholderMore={t("tokenForm.endpointsMore")}
                />
              )}
            />
          )}
        </Field>
        <Field label={t("tokenForm.tags")}>
          {(field) => (
            <Controller
              control={control}
              name="tags"
              render={({ field: { value, onChange } }) => (
                <ChipsInput
                  {...field}
                  values={value}
                  onChange={onChange}
                  placeholder={t("tokenForm.tagsPlaceholder")}
                  placeholderMore={t("tokenForm.tagsPlaceholder")}
                  removeLabel={(tag) => t("common.remove", { value: tag })}
                  isInvalid={(tag) => tag.length > 64}
                />
              )}
            />
          )}
        </Field>
        <Field label={t("tokenForm.note")}>
          {(field) => (
            <Input {...field} autoComplete="off" maxLength={2000} {...register("note")} />
          )}
        </Field>
        {isNew && (
          <Field
            label={t("tokenForm.count")}
            help={t("tokenForm.countHelp")}
            error={errorText(errors.count?.message)}
          >
            {(field) => (
              <Input
                {...field}
                inputMode="numeric"
                autoComplete="off"
                className="tabular w-24"
                {...register("count")}
              />
            )}
          </Field>
        )}
      </div>
    </details>
  );
}
