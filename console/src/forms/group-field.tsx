import { useQuery } from "@tanstack/react-query";
import { Controller, useWatch, type Control } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { groupsQuery } from "@/api/queries";
import { formatMultiplier } from "@/lib/multiplier";
import { FieldGroup } from "@/ui/field";
import { Select } from "@/ui/select";

import type { TokenValues } from "./token-values";

/** Through which channels a token's calls go. With one group there is nothing to choose. */
export function GroupField({
  control,
  allowed,
}: {
  control: Control<TokenValues>;
  /** Those that the account's tier allows; empty: all. */
  allowed: string[];
}) {
  const { t } = useTranslation();
  const { data } = useQuery(groupsQuery);
  const chosen = useWatch({ control, name: "group" });
  // A token keeps the group that it has.
  const groups = data?.items.filter(
    ({ name }) => allowed.length === 0 || allowed.includes(name) || name === chosen,
  );
  if (!groups || groups.length < 2) return null;
  const options = groups.map((group) => ({
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
