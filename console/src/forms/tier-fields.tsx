import { useQuery } from "@tanstack/react-query";
import { Controller, type UseFormReturn } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { groupsQuery, modelsQuery } from "@/api/queries";
import { modelPattern } from "@/lib/patterns";
import { Field, FieldGroup } from "@/ui/field";
import { Input } from "@/ui/input";
import { MultiCombobox } from "@/ui/multi-combobox";

import type { TierValues } from "./tier-values";
import { useFieldError } from "./use-field-error";

interface TierFieldsProps {
  form: UseFormReturn<TierValues>;
}

/** What the tier is called, how many tokens it gives, and what it costs. */
export function TermFields({ form }: TierFieldsProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const { register, formState } = form;
  const { errors } = formState;
  return (
    <>
      <Field
        label={t("tiers.name")}
        help={t("tiers.nameHelp")}
        error={errorText(errors.name?.message)}
      >
        {(field) => <Input {...field} autoComplete="off" {...register("name")} />}
      </Field>
      <div className="grid grid-cols-2 gap-3">
        <Field label={t("tiers.tokenLimit")} error={errorText(errors.tokenLimit?.message)}>
          {(field) => (
            <Input
              {...field}
              inputMode="numeric"
              autoComplete="off"
              className="tabular"
              {...register("tokenLimit")}
            />
          )}
        </Field>
        <Field
          label={t("tiers.multiplier")}
          help={t("tiers.multiplierHelp")}
          error={errorText(errors.multiplier?.message)}
        >
          {(field) => (
            <Input
              {...field}
              inputMode="decimal"
              autoComplete="off"
              lead="×"
              className="tabular"
              {...register("multiplier")}
            />
          )}
        </Field>
      </div>
      <Field
        label={t("tiers.overdraft")}
        help={t("tiers.overdraftHelp")}
        error={errorText(errors.overdraft?.message)}
      >
        {(field) => (
          <Input
            {...field}
            inputMode="decimal"
            autoComplete="off"
            lead="$"
            className="tabular"
            {...register("overdraft")}
          />
        )}
      </Field>
    </>
  );
}

/** Which models may be used, and through which channels. */
export function ReachFields({ form }: TierFieldsProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const { data: models } = useQuery(modelsQuery);
  const { data: groups } = useQuery(groupsQuery);
  const { control, formState, getValues } = form;
  const names = (groups?.items ?? []).map((group) => group.name);
  const bad = getValues("models").find((pattern) => !modelPattern.test(pattern));
  return (
    <>
      <Field
        label={t("tiers.models")}
        help={t("tiers.modelsHelp")}
        error={formState.errors.models ? errorText("model", bad) : undefined}
      >
        {(field) => (
          <Controller
            control={control}
            name="models"
            render={({ field: { value, onChange } }) => (
              <MultiCombobox
                {...field}
                values={value}
                onChange={onChange}
                suggestions={(models?.items ?? []).map((model) => model.id)}
                accepts={(text) => modelPattern.test(text)}
                addLabel={(pattern) => t("tokenForm.modelsAdd", { pattern })}
                removeLabel={(model) => t("common.remove", { value: model })}
                emptyLabel={t("tokenForm.modelsEmpty")}
                placeholder={t("tiers.modelsPlaceholder")}
                placeholderMore={t("tokenForm.modelsMore")}
              />
            )}
          />
        )}
      </Field>
      <Field label={t("tiers.groups")} help={t("tiers.groupsHelp")}>
        {(field) => (
          <Controller
            control={control}
            name="groups"
            render={({ field: { value, onChange } }) => (
              <MultiCombobox
                {...field}
                values={value}
                onChange={onChange}
                suggestions={names}
                accepts={(text) => names.includes(text)}
                addLabel={(name) => name}
                removeLabel={(name) => t("common.remove", { value: name })}
                emptyLabel={t("tiers.groupsEmpty")}
                placeholder={t("tiers.groupsPlaceholder")}
                placeholderMore={t("tiers.groupsMore")}
              />
            )}
          />
        )}
      </Field>
    </>
  );
}

const rates = ["requestsPerMinute", "unitsPerMinute", "concurrency"] as const;
const expiries = ["expiryDefault", "expiryMax"] as const;

/** How fast all of an account's tokens may be used together, and how long new ones live. */
export function LimitFields({ form }: TierFieldsProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const { register, formState } = form;
  const { errors } = formState;
  return (
    <>
      <FieldGroup label={t("tiers.rates")} help={t("tiers.ratesHelp")}>
        {({ labelId }) => (
          <div role="group" aria-labelledby={labelId} className="grid grid-cols-3 gap-3">
            {rates.map((name) => (
              <Field key={name} label={t(`tiers.${name}`)} error={errorText(errors[name]?.message)}>
                {(field) => (
                  <Input
                    {...field}
                    inputMode="numeric"
                    autoComplete="off"
                    placeholder={t("tiers.none")}
                    className="tabular"
                    {...register(name)}
                  />
                )}
              </Field>
            ))}
          </div>
        )}
      </FieldGroup>
      <FieldGroup label={t("tiers.expiry")} help={t("tiers.expiryHelp")}>
        {({ labelId }) => (
          <div role="group" aria-labelledby={labelId} className="grid grid-cols-2 gap-3">
            {expiries.map((name) => (
              <Field key={name} label={t(`tiers.${name}`)} error={errorText(errors[name]?.message)}>
                {(field) => (
                  <Input
                    {...field}
                    inputMode="numeric"
                    autoComplete="off"
                    placeholder={t("tiers.never")}
                    className="tabular"
                    {...register(name)}
                  />
                )}
              </Field>
            ))}
          </div>
        )}
      </FieldGroup>
    </>
  );
}
