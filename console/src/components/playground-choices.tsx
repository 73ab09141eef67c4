import { X } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Token } from "@/api/types";
import type { PlaygroundSearch } from "@/lib/playground/search";
import { Button, IconButton } from "@/ui/button";
import { Combobox } from "@/ui/combobox";
import { Field, FieldGroup } from "@/ui/field";
import { Select } from "@/ui/select";

interface PlaygroundChoicesProps {
  tokens: readonly Token[];
  token: Token | undefined;
  models: readonly string[];
  model: string | null;
  compared: string | undefined;
  onChange: (change: PlaygroundSearch) => void;
}

/** Who pays, and who is asked. */
export function PlaygroundChoices(props: PlaygroundChoicesProps) {
  const { tokens, token, models, model, onChange } = props;
  const { t } = useTranslation();
  return (
    <div className="flex flex-col gap-4">
      <FieldGroup label={t("playground.token")} help={t("playground.tokenHelp")}>
        {() => (
          <Select
            label={t("playground.token")}
            value={token?.id ?? ""}
            onChange={(id) => onChange({ token: id })}
            options={tokens.map((one) => ({ value: one.id, label: one.name }))}
            className="w-full"
          />
        )}
      </FieldGroup>
      <Field label={t("playground.model")}>
        {(control) => (
          <Combobox
            {...control}
            items={models}
            value={model}
            onChange={(value) => onChange({ model: value })}
            placeholder={t("playground.modelPlaceholder")}
            emptyLabel={t("playground.noMatch")}
          />
        )}
      </Field>
      <Compared {...props} />
    </div>
  );
}

function Compared({ models, model, compared, onChange }: PlaygroundChoicesProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const others = models.filter((one) => one !== model);
  if (others.length === 0) return null;
  if (compared === undefined && !isOpen) {
    return (
      <Button size="small" className="self-start" onClick={() => setOpen(true)}>
        {t("playground.compare")}
      </Button>
    );
  }
  return (
    <Field
      label={t("playground.compareWith")}
      aside={
        <IconButton
          size="small"
          label={t("playground.compareEnd")}
          icon={<X size={14} strokeWidth={1.75} aria-hidden />}
          onClick={() => {
            setOpen(false);
            onChange({ with: undefined });
          }}
        />
      }
    >
      {(control) => (
        <Combobox
          {...control}
          items={others}
          value={compared ?? null}
          onChange={(value) => onChange({ with: value })}
          placeholder={t("playground.modelPlaceholder")}
          emptyLabel={t("playground.noMatch")}
        />
      )}
    </Field>
  );
}
