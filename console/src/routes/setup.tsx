import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Controller, useForm, useWatch } from "react-hook-form";
import { useTranslation } from "react-i18next";
import { z } from "zod";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { instanceQuery, keys } from "@/api/queries";
import type { Session } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { PlainPage } from "@/components/plain-page";
import { ProviderForm } from "@/forms/provider-form";
import { useFieldError } from "@/forms/use-field-error";
import { useLinkHash } from "@/lib/use-link-hash";
import { amountInput, canonicalAmount } from "@/lib/money";
import { Button } from "@/ui/button";
import { Choice } from "@/ui/choice";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";

const steps = ["owner", "billing", "provider"] as const;
type Step = (typeof steps)[number];

const password_chars_min = 10;

const schema = z.object({
  email: z
    .string()
    .trim()
    .regex(/^[^\s@]+@[^\s@]+$/, "email"),
  password: z.string().min(password_chars_min, "passwordLength"),
  billing: z.enum(["metered", "unmetered"]),
  balance: z.string().trim().regex(amountInput, "amount"),
});

type Values = z.infer<typeof schema>;

export function SetupPage() {
  const { t } = useTranslation();
  const code = useLinkHash().get("code");
  const [step, setStep] = useState<Step>("owner");
  const { data: instance } = useQuery(instanceQuery);
  const navigate = useNavigate();
  const finish = () => void navigate({ to: "/tokens", replace: true });

  if (step === "provider") {
    return (
      <PlainPage
        title={t("setup.provider.title")}
        lead={t("setup.provider.lead")}
        above={<Steps at={step} />}
      >
        <ProviderForm
          onConnected={finish}
          aside={
            <Button variant="quiet" onClick={finish}>
              {t("setup.provider.skip")}
            </Button>
          }
        />
      </PlainPage>
    );
  }
  if (instance && !instance.needs_setup) {
    return (
      <PlainPage title={t("setup.doneTitle")} lead={t("setup.doneLead")}>
        <Link to="/sign-in" className="font-medium text-accent underline">
          {t("setup.toSignIn")}
        </Link>
      </PlainPage>
    );
  }
  if (code === null) {
    return (
      <PlainPage title={t("setup.missingTitle")} lead={t("setup.missingLead")}>
        {null}
      </PlainPage>
    );
  }
  return <OwnerSteps code={code} step={step} onStep={setStep} />;
}

function OwnerSteps({
  code,
  step,
  onStep,
}: {
  code: string;
  step: Step;
  onStep: (step: Step) => void;
}) {
  const { t } = useTranslation();
  const errorText = useFieldError();
  const queryClient = useQueryClient();
  const { control, register, handleSubmit, trigger, formState } = useForm<Values>({
    resolver: zodResolver(schema),
    defaultValues: { email: "", password: "", billing: "metered", balance: "20" },
  });
  const { errors } = formState;
  const billing = useWatch({ control, name: "billing" });
  const create = useMutation<Session, ApiError, Values>({
    mutationFn: (values) =>
      bodyOf(
        api.POST("/api/v1/setup", {
          body: {
            code,
            email: values.email,
            password: values.password,
            billing: values.billing,
            starting_balance: values.billing === "metered" ? canonicalAmount(values.balance) : "0",
          },
        }),
      ),
    onSuccess: (session) => {
      queryClient.setQueryData(keys.session, session);
      // The code is spent; it need not stay in the history.
      window.history.replaceState(window.history.state, "", window.location.pathname);
      onStep("provider");
      void queryClient.invalidateQueries({ queryKey: keys.instance });
    },
  });
  const next = async () => {
    if (await trigger(["email", "password"])) onStep("billing");
  };
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (step === "owner") void next();
    else void handleSubmit((values) => create.mutate(values))();
  };

  return (
    <PlainPage
      title={step === "owner" ? t("setup.owner.title") : t("setup.billing.title")}
      lead={step === "owner" ? t("setup.owner.lead") : t("setup.billing.lead")}
      above={<Steps at={step} />}
    >
      <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
        {step === "owner" ? (
          <>
            <Field label={t("setup.owner.email")} error={errorText(errors.email?.message)}>
              {(field) => (
                <Input
                  {...field}
                  key="email"
                  type="email"
                  autoFocus
                  autoComplete="username"
                  {...register("email")}
                />
              )}
            </Field>
            <Field
              label={t("setup.owner.password")}
              help={t("setup.owner.passwordHelp")}
              error={errorText(errors.password?.message)}
            >
              {(field) => (
                <Input
                  {...field}
                  key="password"
                  type="password"
                  autoComplete="new-password"
                  {...register("password")}
                />
              )}
            </Field>
          </>
        ) : (
          <>
            <Controller
              control={control}
              name="billing"
              render={({ field }) => (
                <Choice
                  value={field.value}
                  onChange={field.onChange}
                  label={t("setup.billing.legend")}
                  options={[
                    {
                      value: "metered",
                      label: t("setup.billing.metered"),
                      help: t("setup.billing.meteredHelp"),
                    },
                    {
                      value: "unmetered",
                      label: t("setup.billing.unmetered"),
                      help: t("setup.billing.unmeteredHelp"),
                    },
                  ]}
                />
              )}
            />
            {billing === "metered" && (
              <Field
                label={t("setup.billing.balance")}
                help={t("setup.billing.balanceHelp")}
                error={errorText(errors.balance?.message)}
              >
                {(field) => (
                  <Input
                    {...field}
                    key="balance"
                    inputMode="decimal"
                    autoComplete="off"
                    lead="$"
                    {...register("balance")}
                  />
                )}
              </Field>
            )}
          </>
        )}
        {create.error && <ErrorNote error={create.error} />}
        <div className="flex justify-between gap-2">
          {step === "billing" ? (
            <Button onClick={() => onStep("owner")}>{t("common.back")}</Button>
          ) : (
            <span />
          )}
          <Button type="submit" variant="primary" isBusy={create.isPending}>
            {step === "owner" ? t("common.continue") : t("setup.billing.submit")}
          </Button>
        </div>
      </form>
    </PlainPage>
  );
}

function Steps({ at }: { at: Step }) {
  const { t } = useTranslation();
  const place = steps.indexOf(at);
  return (
    <ol aria-label={t("setup.steps")} className="mb-6 flex gap-2">
      {steps.map((step, index) => (
        <li
          key={step}
          aria-current={step === at ? "step" : undefined}
          className={
            index <= place
              ? "flex-1 border-t-2 border-accent pt-1.5 text-meta font-medium"
              : "flex-1 border-t-2 border-line pt-1.5 text-meta text-muted"
          }
        >
          <span className="sr-only">
            {t("setup.stepOf", { step: index + 1, total: steps.length })}{" "}
          </span>
          {t(`setup.${step}.name`)}
        </li>
      ))}
    </ol>
  );
}
