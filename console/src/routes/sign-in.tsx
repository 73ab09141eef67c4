import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Navigate, useNavigate, useSearch } from "@tanstack/react-router";
import { useForm } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { instanceQuery, keys } from "@/api/queries";
import type { Session } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { PlainPage } from "@/components/plain-page";
import { ProviderButtons } from "@/components/provider-buttons";
import { TextLink } from "@/components/text-link";
import { SecondStep } from "@/forms/second-step";
import { pathInside } from "@/lib/path-inside";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";

interface Values {
  email: string;
  password: string;
}

export function SignInPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { next } = useSearch({ from: "/sign-in" });
  const { data: instance } = useQuery(instanceQuery);
  const { register, handleSubmit } = useForm<Values>({
    defaultValues: { email: "", password: "" },
  });
  const welcome = async (session: Session) => {
    queryClient.setQueryData(keys.session, session);
    await navigate({ href: pathInside(next), replace: true });
  };
  const signIn = useMutation<Session | { second_step: boolean }, ApiError, Values>({
    mutationFn: (body) => bodyOf(api.POST("/api/v1/session", { body })),
    onSuccess: async (answer) => {
      if ("user" in answer) await welcome(answer);
    },
  });

  if (instance?.needs_setup) return <Navigate to="/setup" replace />;
  if (signIn.data && "second_step" in signIn.data) {
    return (
      <PlainPage title={t("secondStep.title")} lead={t("secondStep.lead")}>
        <SecondStep onSignedIn={welcome} onBack={() => signIn.reset()} />
      </PlainPage>
    );
  }
  return (
    <PlainPage title={t("signIn.title")} lead={next ? t("signIn.next") : t("signIn.lead")}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => void handleSubmit((values) => signIn.mutate(values))(event)}
      >
        <Field label={t("signIn.email")}>
          {(field) => (
            <Input
              {...field}
              type="email"
              required
              autoFocus
              autoComplete="username"
              {...register("email")}
            />
          )}
        </Field>
        <Field label={t("signIn.password")}>
          {(field) => (
            <Input
              {...field}
              type="password"
              required
              autoComplete="current-password"
              {...register("password")}
            />
          )}
        </Field>
        {signIn.error && <ErrorNote error={signIn.error} />}
        <Button type="submit" variant="primary" size="large" isBusy={signIn.isPending}>
          {t("signIn.submit")}
        </Button>
        {instance?.sends_mail && <TextLink to="/reset">{t("reset.link")}</TextLink>}
        {instance?.sign_up === "open" && <TextLink to="/register">{t("register.link")}</TextLink>}
      </form>
      <ProviderButtons next={pathInside(next)} />
    </PlainPage>
  );
}
