import { useTranslation } from "react-i18next";

import { efforts, type Effort } from "@/lib/playground/types";
import { Field, FieldGroup } from "@/ui/field";
import { Input, TextArea } from "@/ui/input";
import { Select } from "@/ui/select";
import { Switch } from "@/ui/switch";

import { wrongFields, type NumberField, type ParameterDraft } from "./playground-values";

interface PlaygroundSettingsProps {
  draft: ParameterDraft;
  onChange: (change: Partial<ParameterDraft>) => void;
}

/** How the model is asked. */
export function PlaygroundSettings({ draft, onChange }: PlaygroundSettingsProps) {
  const { t } = useTranslation();
  const wrong = wrongFields(draft);
  const number = (field: NumberField) => (
    <Field
      label={t(`playground.${field}`)}
      error={wrong.includes(field) ? t(`playground.wrong_${field}`) : undefined}
    >
      {(control) => (
        <Input
          {...control}
          inputMode="decimal"
          autoComplete="off"
          placeholder={t("playground.byDefault")}
          value={draft[field]}
          onChange={(event) => onChange({ [field]: event.target.value })}
        />
      )}
    </Field>
  );
  return (
    <div className="flex flex-col gap-4">
      <Field label={t("playground.system")}>
        {(control) => (
          <TextArea
            {...control}
            rows={3}
            className="font-sans! text-body!"
            placeholder={t("playground.systemPlaceholder")}
            value={draft.system}
            onChange={(event) => onChange({ system: event.target.value })}
          />
        )}
      </Field>
      <div className="grid grid-cols-2 gap-3">
        {number("temperature")}
        {number("topP")}
      </div>
      {number("maxOutput")}
      <FieldGroup label={t("playground.effort")}>
        {() => (
          <Select<Effort>
            label={t("playground.effort")}
            value={draft.effort}
            onChange={(effort) => onChange({ effort })}
            options={efforts.map((value) => ({ value, label: t(`playground.effort_${value}`) }))}
            className="w-full"
          />
        )}
      </FieldGroup>
      <div className="flex items-center justify-between gap-3">
        <span id="playground-stream" className="text-head font-medium">
          {t("playground.stream")}
        </span>
        <Switch
          isOn={draft.isStreamed}
          onChange={(isStreamed) => onChange({ isStreamed })}
          labelledBy="playground-stream"
        />
      </div>
    </div>
  );
}
