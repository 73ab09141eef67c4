import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { instanceQuery, keys } from "@/api/queries";
import type { Session } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { PlainPage } from "@/components/plain-page";
import { ProviderButtons } from "@/components/provider-buttons";
import { TextLink } from "@/components/text-link";
import { NewPassword } from "@/forms/new-password";
import { useLinkHash } from "@/lib/use-link-hash";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";

/** Three ways in: a mailed link, an invitation, or the open door. */
export function RegisterPage() {
  const { t } = useTranslation();
  const link = useLinkHash();
  const { data: instance } = useQuery(instanceQuery);
  const [code, invitation] = [link.get("code"), link.get("invitation")];
  if (code !== null) return <Finish code={code} />;
  if (!instance) return null;
  const mayAsk = instance.sign_up === "open" || (instance.sign_up === "invitation" && invitation);
  if (!mayAsk) {
    return (
      <PlainPage title={t("register.closedTitle")} lead={t("register.closedLead")}>
        <TextLink to="/sign-in">{t("setup.toSignIn")}</TextLink>
      </PlainPage>
    );
  }
  return (
    <Begin invitation={invitation} email={link.get("email")} sendsMail={instance.sends_mail} />
  );
}

/** The session that has just begun, and the first page. */
function useWelcome() {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  return async (session: Session) => {
    queryClient.setQueryData(keys.session, session);
    await navigate({ to: "/tokens", replace: true });
  };
}

function Finish({ code }: { code: string }) {
  const { t } = useTranslation();
  const welcome = useWelcome();
  const finish = useMutation<Session, ApiError, string>({
    mutationFn: (password) =>
      bodyOf(api.POST("/api/v1/registrations/confirm", { body: { code, password } })),
    onSuccess: welcome,
  });
  return (
    <PlainPage title={t("register.finishTitle")} lead={t("register.finishLead")}>
      <NewPassword
        submitLabel={t("register.finish")}
        isBusy={finish.isPending}
        error={finish.error}
        onSubmit={(password) => finish.mutate(password)}
      />
    </PlainPage>
  );
}

interface BeginProps {
  invitation: string | null;
  /** The only address that the invitation is for. */
  email: string | null;
  sendsMail: boolean;
}

function Begin({ invitation, email: only, sendsMail }: BeginProps) {
  const { t } = useTranslation();
  const welcome = useWelcome();
  const needsPassword = !sendsMail || only !== null;
  const [email, setEmail] = useState(only ?? "");
  const [password, setPassword] = useState("");
  const register = useMutation<Session | { email: string }, ApiError>({
    mutationFn: () =>
      bodyOf(
        api.POST("/api/v1/registrations", {
          body: { email, invitation, password: needsPassword ? password : null },
        }),
      ),
    onSuccess: async (done) => {
      if ("user" in done) await welcome(done);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!register.isPending) register.mutate();
  };
  if (register.data && !("user" in register.data)) {
    return (
      <PlainPage
        title={t("register.sentTitle")}
        lead={t("register.sentLead", { email: register.data.email })}
      >
        <TextLink to="/sign-in">{t("setup.toSignIn")}</TextLink>
      </PlainPage>
    );
  }
  return (
    <PlainPage title={t("register.title")} lead={t("register.lead")}>
      <form className="flex flex-col gap-4" onSubmit={submit}>
        <Field label={t("signIn.email")}>
          {(field) => (
            <Input
              {...field}
              type="email"
              required
              readOnly={only !== null}
              autoComplete="username"
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          )}
        </Field>
        {needsPassword && (
          <Field label={t("register.password")} help={t("setup.owner.passwordHelp")}>
            {(field) => (
              <Input
                {...field}
                type="password"
                required
                minLength={10}
                autoComplete="new-password"
                value={password}
                onChange={(event) => setPassword(event.target.value)}
              />
            )}
          </Field>
        )}
        {register.error && <ErrorNote error={register.error} />}
        <Button type="submit" variant="primary" size="large" isBusy={register.isPending}>
          {t("register.submit")}
        </Button>
        <TextLink to="/sign-in">{t("setup.toSignIn")}</TextLink>
      </form>
      <ProviderButtons next="/tokens" invitation={invitation} />
    </PlainPage>
  );
}
