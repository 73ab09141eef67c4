import { useQuery } from "@tanstack/react-query";
import { Controller, useWatch } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { ownAddressQuery, sessionQuery } from "@/api/queries";
import { isIpRule } from "@/lib/ip";
import { Button } from "@/ui/button";
import { ChipsInput } from "@/ui/chips-input";
import { Field } from "@/ui/field";

import { AddressCheck } from "./address-check";
import type { FieldsProps } from "./token-fields";
import { useFieldError } from "./use-field-error";

export function AddressesField({ control, errors }: FieldsProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const { data: session } = useQuery(sessionQuery);
  const own = session?.client_address ?? "";
  const rules = useWatch({ control, name: "ipRules" });
  const bad = rules.find((rule) => !isIpRule(rule));
  const canAsk = rules.length > 0 && bad === undefined;
  // The server is the judge: it sees the address that a call would come from.
  const { data: mine } = useQuery({ ...ownAddressQuery(rules), enabled: canAsk });
  const isLockedOut = canAsk && mine?.allowed === false;
  return (
    <div className="flex flex-col gap-2">
      <Field
        label={t("tokenForm.ips")}
        help={t("tokenForm.ipsHelp")}
        warning={isLockedOut && t("tokenForm.ipsLockOut", { address: mine.address })}
        error={errors.ipRules ? errorText("ip", bad) : undefined}
      >
        {(field) => (
          <Controller
            control={control}
            name="ipRules"
            render={({ field: { value, onChange } }) => (
              <div className="flex flex-col gap-2">
                <ChipsInput
                  {...field}
                  values={value}
                  onChange={onChange}
                  placeholder={t("tokenForm.ipsPlaceholder")}
                  placeholderMore={t("tokenForm.ipsMore")}
                  removeLabel={(rule) => t("common.remove", { value: rule })}
                  isInvalid={(rule) => !isIpRule(rule)}
                />
                {own !== "" && !value.includes(own) && (
                  <Button
                    size="small"
                    className="self-start"
                    onClick={() => onChange([...value, own])}
                  >
                    {t("tokenForm.ipsAddMine", { address: own })}
                  </Button>
                )}
              </div>
            )}
          />
        )}
      </Field>
      {canAsk && <AddressCheck key={rules.join(" ")} rules={rules} />}
    </div>
  );
}
