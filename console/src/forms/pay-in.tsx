import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import type { Payment, PaymentTerms } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { Panel } from "@/components/panel";
import { canonicalAmount, formatMoney } from "@/lib/money";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";

/** Begins a payment and leads to the provider's page. */
export function PayIn({ terms }: { terms: PaymentTerms }) {
  const { t } = useTranslation();
  const [amount, setAmount] = useState("20");
  const begin = useMutation<Payment, ApiError>({
    mutationFn: () =>
      bodyOf(api.POST("/api/v1/payments", { body: { amount: canonicalAmount(amount) } })),
    onSuccess: (payment) => {
      if (payment.url) window.location.assign(payment.url);
    },
  });
  const bounds = { min: formatMoney(terms.amount_min), max: formatMoney(terms.amount_max) };
  return (
    <Panel>
      <form
        aria-label={t("wallet.payIn")}
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          begin.mutate();
        }}
      >
        <h2 className="text-lead font-semibold">{t("wallet.payIn")}</h2>
        <Field label={t("wallet.payAmount")} help={t("wallet.payInHelp", bounds)}>
          {(control) => (
            <Input
              {...control}
              inputMode="decimal"
              value={amount}
              onChange={(event) => setAmount(event.target.value)}
            />
          )}
        </Field>
        {terms.mode === "test" && <p className="text-head text-muted">{t("wallet.payInTest")}</p>}
        {begin.error && <ErrorNote error={begin.error} title={t("wallet.payFailed")} />}
        <Button type="submit" variant="primary" className="self-start" isBusy={begin.isPending}>
          {t("wallet.pay")}
        </Button>
      </form>
    </Panel>
  );
}
