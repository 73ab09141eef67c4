import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import type { Session } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";

interface SecondStepProps {
  onSignedIn: (session: Session) => Promise<void>;
  onBack: () => void;
}

/** The code that a sign-in still owes after its password. */
export function SecondStep({ onSignedIn, onBack }: SecondStepProps) {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const send = useMutation<Session, ApiError>({
    mutationFn: () => bodyOf(api.POST("/api/v1/session/second-step", { body: { code } })),
    onSuccess: onSignedIn,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!send.isPending) send.mutate();
  };
  return (
    <form className="flex flex-col gap-4" onSubmit={submit}>
      <Field label={t("secondStep.code")} help={t("secondStep.help")}>
        {(field) => (
          <Input
            {...field}
            required
            autoFocus
            autoComplete="one-time-code"
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        )}
      </Field>
      {send.error && <ErrorNote error={send.error} />}
      <div className="flex justify-between gap-2">
        <Button onClick={onBack}>{t("common.back")}</Button>
        <Button type="submit" variant="primary" isBusy={send.isPending}>
          {t("signIn.submit")}
        </Button>
      </div>
    </form>
  );
}
