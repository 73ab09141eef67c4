import { useQuery } from "@tanstack/react-query";
import { Controller, type Control } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { groupsQuery } from "@/api/queries";
import { formatMultiplier } from "@/lib/multiplier";
import { FieldGroup } from "@/ui/field";
import { Select } from "@/ui/select";

import type { TokenValues } from "./token-values";

/** Through which channels a token's calls go. With one group there is nothing to choose. */
export function GroupField({ control }: { control: Control<TokenValues> }) {
  const { t } = useTranslation();
  const { data } = useQuery(groupsQuery);
  if (!data || data.items.length < 2) return null;
  const options = data.items.map((group) => ({
    value: group.name,
    label: `${group.name} · ${formatMultiplier(group.multiplier_ppm)}`,
  }));
  return (
    <FieldGroup label={t("tokenForm.group")} help={t("tokenForm.groupHelp")}>
      {() => (
        <Controller
          control={control}
          name="group"
          render={({ field }) => (
            <Select
              label={t("tokenForm.group")}
              value={field.value}
              onChange={field.onChange}
              options={options}
            />
          )}
        />
      )}
    </FieldGroup>
  );
}
