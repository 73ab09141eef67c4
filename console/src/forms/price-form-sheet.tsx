import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useForm } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { ModelPrice, PriceVersion } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";
import { Sheet } from "@/ui/sheet";
import { toasts } from "@/ui/toast";

import { MeterFields, RuleFields } from "./price-fields";
import { priceOf, priceSchema, validFromOf, valuesOfPrice, type PriceValues } from "./price-values";
import { useFieldError } from "./use-field-error";

interface PriceFormSheetProps {
  /** Empty where it is to be named. */
  model: string;
  price: ModelPrice | null;
  onClose: () => void;
}

/** Sets a model's price by hand: every meter, every rule, from now or from a later time on. */
export function PriceFormSheet({ model, price, onClose }: PriceFormSheetProps) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const form = useForm<PriceValues>({
    resolver: zodResolver(priceSchema),
    defaultValues: valuesOfPrice(model, price),
  });
  const { errors } = form.formState;
  const save = useSavePrice(onClose);
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={model === "" ? t("prices.addTitle") : t("prices.editTitle", { model })}
      closeLabel={t("common.close")}
    >
      <form
        noValidate
        className="flex min-h-0 flex-1 flex-col"
        onSubmit={(event) => void form.handleSubmit((values) => save.mutate(values))(event)}
      >
        <div className="flex flex-1 flex-col gap-6 overflow-y-auto px-5 py-5">
          <p className="rounded-panel bg-sunken px-3.5 py-3 text-head">{t("prices.keeps")}</p>
          {model === "" && (
            <Field
              label={t("prices.model")}
              help={t("prices.modelHelp")}
              error={errorText(errors.model?.message)}
            >
              {(field) => (
                <Input
                  {...field}
                  autoComplete="off"
                  spellCheck={false}
                  className="font-mono"
                  {...form.register("model")}
                />
              )}
            </Field>
          )}
          <section className="flex flex-col gap-3">
            <div>
              <h3 className="font-medium">{t("prices.pricesLegend")}</h3>
              <p className="text-head text-muted">{t("prices.pricesHelp")}</p>
            </div>
            <MeterFields form={form} at="prices" faults={errors.prices} />
          </section>
          <RuleFields form={form} />
          <Field
            label={t("prices.validFromLabel")}
            help={t("prices.validFromHelp")}
            error={errorText(errors.validFrom?.message)}
          >
            {(field) => <Input {...field} type="datetime-local" {...form.register("validFrom")} />}
          </Field>
          {save.error && <ErrorNote error={save.error} />}
        </div>
        <footer className="flex shrink-0 justify-end gap-2 border-t border-line px-5 py-3">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" variant="primary" isBusy={save.isPending}>
            {t("common.save")}
          </Button>
        </footer>
      </form>
    </Sheet>
  );
}

function useSavePrice(onClose: () => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation<PriceVersion, ApiError, PriceValues>({
    mutationFn: (values) => {
      const valid_from = validFromOf(values);
      return bodyOf(
        api.PUT("/api/v1/prices/{model}", {
          params: {
            path: { model: values.model },
            query: valid_from === undefined ? {} : { valid_from },
          },
          body: priceOf(values),
        }),
      );
    },
    onSuccess: async (_, values) => {
      await queryClient.invalidateQueries({ queryKey: keys.prices });
      void queryClient.invalidateQueries({ queryKey: keys.models });
      const title = t("prices.saved", { model: values.model });
      toasts.add({ type: "plain", title, priority: "low" });
      onClose();
    },
  });
}
