import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys, sessionQuery } from "@/api/queries";
import { ErrorNote } from "@/components/error-note";
import { Panel, Section } from "@/components/panel";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { FormDialog } from "@/ui/form-dialog";
import { Input } from "@/ui/input";
import { toasts } from "@/ui/toast";

const password_chars_min = 10;

/** One's own password, and the way to another one. */
export function Password() {
  const { t } = useTranslation();
  const { data: session } = useQuery(sessionQuery);
  const isFirst = session?.user.has_password === false;
  const [isOpen, setOpen] = useState(false);
  return (
    <Section title={t("password.title")}>
      <Panel className="flex flex-wrap items-center justify-between gap-3">
        <p className="text-muted">{t(isFirst ? "password.none" : "password.lead")}</p>
        <Button size="small" onClick={() => setOpen(true)}>
          {t(isFirst ? "password.set" : "password.change")}
        </Button>
      </Panel>
      {isOpen && <ChangePassword isFirst={isFirst} onClose={() => setOpen(false)} />}
    </Section>
  );
}

interface ChangePasswordProps {
  /** There is none yet, so no present one is asked for. */
  isFirst: boolean;
  onClose: () => void;
}

function ChangePassword({ isFirst, onClose }: ChangePasswordProps) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [old_password, setOld] = useState("");
  const [new_password, setNew] = useState("");
  const change = useMutation<unknown, ApiError>({
    mutationFn: () =>
      api.PUT("/api/v1/password", {
        body: { old_password: isFirst ? null : old_password, new_password },
      }),
    onSuccess: async () => {
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: keys.sessions }),
        queryClient.invalidateQueries({ queryKey: keys.session }),
      ]);
      toasts.add({ type: "plain", title: t("password.changedToast"), priority: "low" });
      onClose();
    },
  });
  const isWrong = change.error?.field === "old_password";
  const isShort = new_password.length < password_chars_min;
  return (
    <FormDialog
      onClose={onClose}
      onSubmit={() => change.mutate()}
      title={t(isFirst ? "password.set" : "password.change")}
      description={<p>{t("password.lead")}</p>}
      submitLabel={t(isFirst ? "password.set" : "password.change")}
      cancelLabel={t("common.cancel")}
      isBusy={change.isPending}
      isIncomplete={(old_password === "" && !isFirst) || isShort}
    >
      {!isFirst && (
        <Field label={t("password.old")} error={isWrong ? t("password.wrong") : undefined}>
          {(field) => (
            <Input
              {...field}
              type="password"
              autoComplete="current-password"
              value={old_password}
              onChange={(event) => setOld(event.target.value)}
            />
          )}
        </Field>
      )}
      <Field
        label={t("password.new")}
        help={t("setup.owner.passwordHelp")}
        error={new_password !== "" && isShort ? t("validation.passwordLength") : undefined}
      >
        {(field) => (
          <Input
            {...field}
            type="password"
            autoComplete="new-password"
            value={new_password}
            onChange={(event) => setNew(event.target.value)}
          />
        )}
      </Field>
      {change.error && !isWrong && <ErrorNote error={change.error} />}
    </FormDialog>
  );
}
