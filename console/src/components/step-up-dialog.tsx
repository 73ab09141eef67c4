import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys, sessionQuery } from "@/api/queries";
import type { Session } from "@/api/types";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { FormDialog } from "@/ui/form-dialog";
import { Input } from "@/ui/input";

import { ErrorNote } from "./error-note";

/** The password, or a code where there is a second factor. */
export default function StepUpDialog({ onDone }: { onDone: (shown: boolean) => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const hasFactor = session?.user.second_factor === true;
  const [byCode, setByCode] = useState(false);
  const [text, setText] = useState("");
  const show = useMutation<Session, ApiError>({
    mutationFn: () =>
      bodyOf(
        api.POST("/api/v1/session/step-up", { body: byCode ? { code: text } : { password: text } }),
      ),
    onSuccess: (shown) => {
      queryClient.setQueryData(keys.session, shown);
      onDone(true);
    },
  });
  const change = () => {
    setByCode(!byCode);
    setText("");
    show.reset();
  };
  return (
    <FormDialog
      onClose={() => onDone(false)}
      onSubmit={() => show.mutate()}
      title={t("stepUp.title")}
      description={<p>{t("stepUp.lead")}</p>}
      submitLabel={t("stepUp.submit")}
      cancelLabel={t("common.cancel")}
      isBusy={show.isPending}
      isIncomplete={text === ""}
    >
      <Field label={byCode ? t("secondStep.code") : t("signIn.password")}>
        {(field) => (
          <Input
            {...field}
            key={byCode ? "code" : "password"}
            autoFocus
            type={byCode ? "text" : "password"}
            autoComplete={byCode ? "one-time-code" : "current-password"}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      {hasFactor && (
        <div>
          <Button size="small" variant="quiet" onClick={change}>
            {byCode ? t("stepUp.byPassword") : t("stepUp.byCode")}
          </Button>
        </div>
      )}
      {show.error && <ErrorNote error={show.error} />}
    </FormDialog>
  );
}
