import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";

import type { ApiError } from "@/api/errors";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";

const password_chars_min = 10;

interface NewPasswordProps {
  submitLabel: string;
  isBusy: boolean;
  error: ApiError | null;
  onSubmit: (password: string) => void;
}

/** The choice of a password, where the rest is known. */
export function NewPassword({ submitLabel, isBusy, error, onSubmit }: NewPasswordProps) {
  const { t } = useTranslation();
  const [password, setPassword] = useState("");
  const [isSent, setSent] = useState(false);
  const fault = password.length < password_chars_min ? t("validation.passwordLength") : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSent(true);
    if (!fault && !isBusy) onSubmit(password);
  };
  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
      <Field
        label={t("register.password")}
        help={t("setup.owner.passwordHelp")}
        error={isSent ? fault : undefined}
      >
        {(field) => (
          <Input
            {...field}
            type="password"
            autoFocus
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
      </Field>
      {error && <ErrorNote error={error} />}
      <Button type="submit" variant="primary" size="large" isBusy={isBusy}>
        {submitLabel}
      </Button>
    </form>
  );
}
