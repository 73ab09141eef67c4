import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { identitiesQuery, keys, sessionQuery } from "@/api/queries";
import type { ProviderAddress, Session } from "@/api/types";
import { leaveFor } from "@/lib/provider-visit";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { FormDialog } from "@/ui/form-dialog";
import { Input } from "@/ui/input";

import { ErrorNote } from "./error-note";

/** The password, a code where there is a second factor, or a service where there is no password. */
export default function StepUpDialog({ onDone }: { onDone: (shown: boolean) => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const hasFactor = session?.user.second_factor === true;
  const hasPassword = session?.user.has_password !== false;
  const [isCodeChosen, chooseCode] = useState(false);
  // Without a password the code is the only thing to type.
  const byCode = hasFactor && (isCodeChosen || !hasPassword);
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
    chooseCode(!isCodeChosen);
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
      {(hasPassword || byCode) && (
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
      )}
      {!hasPassword && <ByProvider />}
      {hasPassword && hasFactor && (
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

/** The services by which the person signs in: each takes them away from the page and back to it. */
function ByProvider() {
  const { t } = useTranslation();
  const { data: identities } = useQuery(identitiesQuery);
  const leave = useMutation<ProviderAddress, ApiError, string>({
    mutationFn: (provider) =>
      bodyOf(api.POST("/api/v1/session/step-up/provider", { body: { provider } })),
    onSuccess: ({ url }) => leaveFor(url, window.location.pathname),
  });
  const usable = identities?.items.flatMap(({ provider, name }) =>
    provider === null ? [] : [{ provider, name }],
  );
  return (
    <div className="flex flex-col items-start gap-3">
      <p className="text-muted">{t(usable?.length === 0 ? "stepUp.noWay" : "stepUp.byProvider")}</p>
      {usable?.map(({ provider, name }) => (
        <Button
          key={provider}
          isBusy={leave.isPending && leave.variables === provider}
          onClick={() => leave.mutate(provider)}
        >
          {t("providers.continue", { name })}
        </Button>
      ))}
      {leave.error && <ErrorNote error={leave.error} />}
    </div>
  );
}
