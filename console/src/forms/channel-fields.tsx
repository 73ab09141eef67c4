import { useQuery } from "@tanstack/react-query";
import { Controller, type UseFormReturn } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { groupsQuery } from "@/api/queries";
import type { Channel, Provider } from "@/api/types";
import { KeyStates } from "@/components/key-states";
import { formatMultiplier } from "@/lib/multiplier";
import { Field, FieldGroup } from "@/ui/field";
import { Input, TextArea } from "@/ui/input";
import { Select } from "@/ui/select";
import { Switch } from "@/ui/switch";

import type { ChannelValues } from "./channel-values";
import { useFieldError } from "./use-field-error";

export interface ChannelFieldsProps {
  form: UseFormReturn<ChannelValues>;
}

interface ConnectionProps extends ChannelFieldsProps {
  channel: Channel | null;
  offer: Provider | undefined;
}

/** Where the provider is and what proves that one may ask it. */
export function ConnectionFields({ form, channel, offer }: ConnectionProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const { control, register, formState } = form;
  const { errors } = formState;
  return (
    <>
      <Field
        label={t("providerForm.baseUrl")}
        help={t("channels.baseUrlHelp", { address: offer?.default_base_url ?? t("common.dash") })}
        error={errorText(errors.baseUrl?.message)}
      >
        {(field) => <Input {...field} type="url" autoComplete="off" {...register("baseUrl")} />}
      </Field>
      <div className="flex items-start justify-between gap-4">
        <div>
          <span id="allow-private" className="text-head font-medium">
            {t("providerForm.allowPrivate")}
          </span>
          <p className="text-meta text-muted">{t("providerForm.allowPrivateHelp")}</p>
        </div>
        <Controller
          control={control}
          name="allowPrivate"
          render={({ field }) => (
            <Switch isOn={field.value} onChange={field.onChange} labelledBy="allow-private" />
          )}
        />
      </div>
      {channel && channel.key_states.length > 0 && (
        <FieldGroup label={t("channels.keysNow", { count: channel.keys })}>
          {({ labelId }) => <KeyStates states={channel.key_states} labelledBy={labelId} />}
        </FieldGroup>
      )}
      <Field
        label={t(channel ? "channels.newKeys" : "channels.keys")}
        help={channel ? t("channels.newKeysHelp", { count: channel.keys }) : t("channels.keysHelp")}
        error={errorText(errors.keys?.message)}
      >
        {(field) => (
          <TextArea
            {...field}
            rows={3}
            autoComplete="off"
            spellCheck={false}
            {...register("keys")}
          />
        )}
      </Field>
    </>
  );
}

/** What the provider bills the operator, as a factor on the price book. */
export function CostField({ form }: ChannelFieldsProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const { register, formState } = form;
  return (
    <Field
      label={t("channels.cost")}
      help={t("channels.costHelp")}
      error={errorText(formState.errors.cost?.message)}
    >
      {(field) => (
        <Input
          {...field}
          inputMode="decimal"
          autoComplete="off"
          className="tabular max-w-32"
          {...register("cost")}
        />
      )}
    </Field>
  );
}

/** When the channel is tried, and for which tokens. */
export function RoutingFields({ form }: ChannelFieldsProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const { data: groups } = useQuery(groupsQuery);
  const { control, register, formState } = form;
  const { errors } = formState;
  const numbers = [
    { name: "priority", help: t("channels.priorityHelp") },
    { name: "weight", help: t("channels.weightHelp") },
  ] as const;
  return (
    <>
      <div className="grid grid-cols-2 gap-3">
        {numbers.map(({ name, help }) => (
          <Field
            key={name}
            label={t(`channels.${name}`)}
            help={help}
            error={errorText(errors[name]?.message)}
          >
            {(field) => (
              <Input
                {...field}
                inputMode="numeric"
                autoComplete="off"
                className="tabular"
                {...register(name)}
              />
            )}
          </Field>
        ))}
      </div>
      {groups && groups.items.length > 1 && (
        <FieldGroup label={t("channels.group")} help={t("channels.groupHelp")}>
          {() => (
            <Controller
              control={control}
              name="group"
              render={({ field }) => (
                <Select
                  label={t("channels.group")}
                  value={field.value}
                  onChange={field.onChange}
                  options={groups.items.map((group) => ({
                    value: group.name,
                    label: `${group.name} · ${formatMultiplier(group.multiplier_ppm)}`,
                  }))}
                />
              )}
            />
          )}
        </FieldGroup>
      )}
    </>
  );
}
