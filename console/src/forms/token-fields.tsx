import { useQuery } from "@tanstack/react-query";
import { Controller, useWatch, type Control, type FieldErrors } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { modelsQuery } from "@/api/queries";
import type { Tier } from "@/api/types";
import { matchingModels, modelPattern } from "@/lib/patterns";
import { formatExact, inDays, toLocalInput } from "@/lib/time";
import { Field, FieldGroup } from "@/ui/field";
import { Input } from "@/ui/input";
import { MultiCombobox } from "@/ui/multi-combobox";
import { Segmented } from "@/ui/segmented";
import { Switch } from "@/ui/switch";

import { expiryOf, lifetimesOf, type Lifetime, type TokenValues } from "./token-values";
import { useFieldError } from "./use-field-error";

export interface FieldsProps {
  control: Control<TokenValues>;
  errors: FieldErrors<TokenValues>;
}

export interface TieredProps extends FieldsProps {
  /** Of the token's account; null where it is not known. */
  tier: Tier | null;
}

interface ExpirationProps extends TieredProps {
  /** What an edited token has: it may keep it. */
  kept: Lifetime | undefined;
}

export function ExpirationField({ control, errors, tier, kept }: ExpirationProps) {
  const { t, i18n } = useTranslation();
  const errorText = useFieldError();
  const [lifetime, customTime] = useWatch({ control, name: ["lifetime", "customTime"] });
  const end = expiryOf({ lifetime, customTime });
  const max = tier?.expiry_days_max ?? null;
  const when = end
    ? t("tokenForm.expiresAt", { when: formatExact(end, i18n.language) })
    : lifetime === "neverExpires" && t("tokenForm.neverHelp");
  const bound = tier && max !== null && t("tiers.tokenExpiry", { tier: tier.name, count: max });
  const help = [when, bound].filter(Boolean).join(" · ");
  return (
    <FieldGroup
      label={t("tokenForm.expiration")}
      help={help}
      error={errorText(errors.customTime?.message)}
    >
      {({ labelId, describedBy }) => (
        <div className="flex flex-col gap-2">
          <Controller
            control={control}
            name="lifetime"
            render={({ field }) => (
              <Segmented
                value={field.value}
                onChange={field.onChange}
                labelledBy={labelId}
                describedBy={describedBy}
                isStretched
                options={lifetimesOf(tier, kept).map((value) => ({
                  value,
                  label: t(`tokenForm.${value}`),
                }))}
              />
            )}
          />
          {lifetime === "custom" && (
            <Input
              type="datetime-local"
              aria-label={t("tokenForm.customTime")}
              aria-invalid={errors.customTime ? true : undefined}
              max={max === null ? undefined : toLocalInput(inDays(max))}
              {...control.register("customTime")}
            />
          )}
        </div>
      )}
    </FieldGroup>
  );
}

interface QuotaFieldProps extends FieldsProps {
  used: string | null;
}

export function QuotaField({ control, errors, used }: QuotaFieldProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const isUnlimited = useWatch({ control, name: "isUnlimited" });
  const lead = isUnlimited ? t("tokenForm.unlimitedHelp") : t("tokenForm.quotaHelp");
  const help = used === null ? lead : `${lead} ${t("tokenForm.quotaUsed", { used })}`;
  return (
    <Field
      label={t("tokenForm.quota")}
      help={help}
      error={isUnlimited ? undefined : errorText(errors.quota?.message)}
      aside={
        <span className="flex items-center gap-2 text-head text-muted">
          <span id="quota-unlimited">{t("tokenForm.unlimited")}</span>
          <Controller
            control={control}
            name="isUnlimited"
            render={({ field }) => (
              <Switch isOn={field.value} onChange={field.onChange} labelledBy="quota-unlimited" />
            )}
          />
        </span>
      }
    >
      {(field) => (
        <Input
          {...field}
          inputMode="decimal"
          autoComplete="off"
          lead="$"
          disabled={isUnlimited}
          className="tabular"
          {...control.register("quota")}
        />
      )}
    </Field>
  );
}

export function ModelsField({ control, errors, tier }: TieredProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const { data } = useQuery(modelsQuery);
  const served = (data?.items ?? []).filter((model) => model.available).map((model) => model.id);
  const models = tier ? matchingModels(tier.models, served) : served;
  const patterns = useWatch({ control, name: "models" });
  const matched = matchingModels(patterns, models);
  const help =
    patterns.length === 0 || matched.length > 0
      ? `${t("tokenForm.modelsHelp")} ${t("tokenForm.modelsMatch", { count: matched.length, total: models.length })}`
      : t("tokenForm.modelsHelp");
  const ofTier =
    tier &&
    models.length < served.length &&
    t("tiers.tokenModels", { tier: tier.name, count: models.length, total: served.length });
  const bad = patterns.findIndex((pattern) => !modelPattern.test(pattern));
  return (
    <Field
      label={t("tokenForm.models")}
      help={ofTier ? `${help} ${ofTier}` : help}
      warning={patterns.length > 0 && matched.length === 0 && data && t("tokenForm.modelsNone")}
      error={errors.models ? errorText("model", patterns[bad]) : undefined}
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
              suggestions={models}
              accepts={(text) => modelPattern.test(text)}
              addLabel={(pattern) => t("tokenForm.modelsAdd", { pattern })}
              removeLabel={(model) => t("common.remove", { value: model })}
              emptyLabel={t("tokenForm.modelsEmpty")}
              placeholder={t("tokenForm.modelsPlaceholder")}
              placeholderMore={t("tokenForm.modelsMore")}
            />
          )}
        />
      )}
    </Field>
  );
}
