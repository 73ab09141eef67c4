import { ArrowRight, Plus, X } from "lucide-react";
import { useFieldArray } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { Button, IconButton } from "@/ui/button";
import { FieldGroup } from "@/ui/field";
import { Input } from "@/ui/input";

import type { ChannelFieldsProps } from "./channel-fields";
import { useFieldError } from "./use-field-error";

/** Names that clients ask for, and what the provider calls the same. */
export function ModelMapField({ form }: ChannelFieldsProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const { control, register, formState } = form;
  const { fields, append, remove } = useFieldArray({ control, name: "map" });
  const faults = formState.errors.map;
  const fault = fields.findIndex((_, index) => faults?.[index]);
  const message = faults?.[fault]?.from?.message ?? faults?.[fault]?.to?.message;
  return (
    <FieldGroup label={t("channels.map")} help={t("channels.mapHelp")} error={errorText(message)}>
      {({ labelId }) => (
        <div role="group" aria-labelledby={labelId} className="flex flex-col gap-2">
          {fields.map((field, index) => (
            <div key={field.id} className="flex items-center gap-2">
              <Input
                aria-label={t("channels.mapFrom", { number: index + 1 })}
                aria-invalid={faults?.[index]?.from ? true : undefined}
                placeholder={t("channels.mapFromPlaceholder")}
                autoComplete="off"
                spellCheck={false}
                className="min-w-0 flex-1 font-mono text-meta"
                {...register(`map.${index}.from`)}
              />
              <ArrowRight
                size={14}
                strokeWidth={1.75}
                aria-hidden
                className="shrink-0 text-muted"
              />
              <Input
                aria-label={t("channels.mapTo", { number: index + 1 })}
                aria-invalid={faults?.[index]?.to ? true : undefined}
                placeholder={t("channels.mapToPlaceholder")}
                autoComplete="off"
                spellCheck={false}
                className="min-w-0 flex-1 font-mono text-meta"
                {...register(`map.${index}.to`)}
              />
              <IconButton
                size="small"
                label={t("channels.mapRemove", { number: index + 1 })}
                icon={<X size={14} strokeWidth={1.75} aria-hidden />}
                onClick={() => remove(index)}
              />
            </div>
          ))}
          <Button
            size="small"
            className="self-start"
            icon={<Plus size={14} strokeWidth={1.75} aria-hidden />}
            onClick={() => append({ from: "", to: "" })}
          >
            {t("channels.mapAdd")}
          </Button>
        </div>
      )}
    </FieldGroup>
  );
}
