import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { ErrorNote } from "@/components/error-note";
import { PlainPage } from "@/components/plain-page";
import { TextLink } from "@/components/text-link";
import { NewPassword } from "@/forms/new-password";
import { useLinkHash } from "@/lib/use-link-hash";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";

/** A new password: the asking for its link, and the link's own page. */
export function ResetPage() {
  const code = useLinkHash().get("code");
  return code === null ? <AskForLink /> : <SetPassword code={code} />;
}

function AskForLink() {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const ask = useMutation<{ email: string }, ApiError>({
    mutationFn: () => bodyOf(api.POST("/api/v1/password-resets", { body: { email } })),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!ask.isPending) ask.mutate();
  };
  if (ask.data) {
    return (
      <PlainPage
        title={t("register.sentTitle")}
        lead={t("reset.sentLead", { email: ask.data.email })}
      >
        <TextLink to="/sign-in">{t("setup.toSignIn")}</TextLink>
      </PlainPage>
    );
  }
  return (
    <PlainPage title={t("reset.title")} lead={t("reset.lead")}>
      <form className="flex flex-col gap-4" onSubmit={submit}>
        <Field label={t("signIn.email")}>
          {(field) => (
            <Input
              {...field}
              type="email"
              required
              autoFocus
              autoComplete="username"
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          )}
        </Field>
        {ask.error && <ErrorNote error={ask.error} />}
        <Button type="submit" variant="primary" size="large" isBusy={ask.isPending}>
          {t("reset.submit")}
        </Button>
        <TextLink to="/sign-in">{t("setup.toSignIn")}</TextLink>
      </form>
    </PlainPage>
  );
}

function SetPassword({ code }: { code: string }) {
  const { t } = useTranslation();
  const set = useMutation<unknown, ApiError, string>({
    mutationFn: (password) =>
      api.POST("/api/v1/password-resets/confirm", { body: { code, password } }),
  });
  if (set.isSuccess) {
    return (
      <PlainPage title={t("reset.doneTitle")} lead={t("reset.doneLead")}>
        <TextLink to="/sign-in">{t("setup.toSignIn")}</TextLink>
      </PlainPage>
    );
  }
  return (
    <PlainPage title={t("reset.setTitle")} lead={t("reset.setLead")}>
      <NewPassword
        submitLabel={t("reset.set")}
        isBusy={set.isPending}
        error={set.error}
        onSubmit={(password) => set.mutate(password)}
      />
    </PlainPage>
  );
}
