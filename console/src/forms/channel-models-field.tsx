import { useMutation } from "@tanstack/react-query";
import { useId } from "react";
import { Controller } from "react-hook-form";
import { useTranslation } from "react-i18next";

import type { ApiError } from "@/api/errors";
import { fetchModels } from "@/api/queries";
import type { Channel, OfferedModel } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/ui/button";
import { Checkbox } from "@/ui/checkbox";
import { Field } from "@/ui/field";
import { MultiCombobox } from "@/ui/multi-combobox";

import type { ChannelFieldsProps } from "./channel-fields";
import { isModelName } from "./channel-values";
import { useFieldError } from "./use-field-error";

interface ChannelModelsProps extends ChannelFieldsProps {
  channel: Channel | null;
  /** Models of the provider that have a price. */
  known: string[];
}

/** Which models the channel serves: written, or picked from what the provider says it has. */
export function ChannelModelsField({ form, channel, known }: ChannelModelsProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const fetching = useMutation<{ items: OfferedModel[] }, ApiError, string>({
    mutationFn: (id) => fetchModels(id),
  });
  const offered = fetching.data?.items;
  const hasFault = form.formState.errors.models !== undefined;
  return (
    <Controller
      control={form.control}
      name="models"
      render={({ field: { value, onChange } }) => (
        <div className="flex flex-col gap-2">
          <Field
            label={t("channels.models")}
            help={t("channels.modelsHelp", { count: known.length })}
            error={hasFault ? errorText("modelName") : undefined}
            aside={
              channel && (
                <Button
                  size="small"
                  isBusy={fetching.isPending}
                  onClick={() => fetching.mutate(channel.id)}
                >
                  {t("channels.fetchModels")}
                </Button>
              )
            }
          >
            {(field) => (
              <MultiCombobox
                {...field}
                values={value}
                onChange={onChange}
                suggestions={[...new Set([...known, ...(offered ?? []).map((one) => one.name)])]}
                accepts={isModelName}
                addLabel={(name) => t("channels.modelsAdd", { name })}
                removeLabel={(name) => t("common.remove", { value: name })}
                emptyLabel={t("tokenForm.modelsEmpty")}
                placeholder={t("channels.modelsPlaceholder")}
                placeholderMore={t("channels.modelsMore")}
              />
            )}
          </Field>
          {fetching.error && <ErrorNote error={fetching.error} title={t("channels.fetchFailed")} />}
          {offered && <Offered models={offered} chosen={value} onChange={onChange} />}
        </div>
      )}
    />
  );
}

interface OfferedProps {
  models: OfferedModel[];
  chosen: string[];
  onChange: (chosen: string[]) => void;
}

/** What the provider has. What has no price cannot be called yet, so that is said. */
function Offered({ models, chosen, onChange }: OfferedProps) {
  const { t } = useTranslation();
  const id = useId();
  const priced = models.filter((one) => one.priced).map((one) => one.name);
  const toggle = (name: string) =>
    onChange(chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name]);
  return (
    <div className="rounded-control border border-line-strong bg-surface">
      <div className="flex items-center justify-between gap-3 border-b border-line px-3 py-1.5">
        <span role="status" id={id} className="text-head text-muted">
          {t("channels.fetched", { count: models.length, priced: priced.length })}
        </span>
        <Button
          size="small"
          variant="quiet"
          onClick={() => onChange([...new Set([...chosen, ...priced])])}
        >
          {t("channels.pickPriced")}
        </Button>
      </div>
      <ul aria-labelledby={id} tabIndex={0} className="max-h-56 overflow-y-auto py-1">
        {models.map((one) => (
          <li key={one.name} className="flex h-7 items-center gap-1.5 px-2">
            <Checkbox
              isChecked={chosen.includes(one.name)}
              onChange={() => toggle(one.name)}
              label={one.name}
            />
            <span className="min-w-0 flex-1 truncate font-mono text-meta">{one.name}</span>
            {!one.priced && (
              <span className="text-meta whitespace-nowrap text-warn">{t("channels.noPrice")}</span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
