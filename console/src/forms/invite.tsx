import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { CreatedInvitation } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { OneTimeLink } from "@/components/one-time-link";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";
import { Sheet } from "@/ui/sheet";

/** Makes the link of an invitation, and shows it once. */
export function Invite({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [email, setEmail] = useState("");
  const [days, setDays] = useState("7");
  const make = useMutation<CreatedInvitation, ApiError>({
    mutationFn: () =>
      bodyOf(
        api.POST("/api/v1/invitations", {
          body: { email: email.trim() || null, days: Number(days) },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.invitations }),
  });
  const isReady = /^[1-9]\d?$/.test(days.trim()) && Number(days) <= 90;
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={t("invitations.inviteTitle")}
      closeLabel={t("common.close")}
    >
      {make.data ? (
        <div className="flex flex-1 flex-col gap-4 overflow-y-auto px-5 py-5">
          <p className="font-medium break-words">
            {make.data.invitation.email ?? t("invitations.anybody")}
          </p>
          <OneTimeLink link={make.data.link} />
          <Button className="self-start" onClick={onClose}>
            {t("people.done")}
          </Button>
        </div>
      ) : (
        <form
          noValidate
          className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5"
          onSubmit={(event) => {
            event.preventDefault();
            if (isReady && !make.isPending) make.mutate();
          }}
        >
          <Field label={t("invitations.email")} help={t("invitations.emailHelp")}>
            {(field) => (
              <Input
                {...field}
                type="email"
                autoComplete="off"
                value={email}
                onChange={(event) => setEmail(event.target.value)}
              />
            )}
          </Field>
          <Field label={t("invitations.days")} help={t("invitations.daysHelp")}>
            {(field) => (
              <Input
                {...field}
                inputMode="numeric"
                className="tabular w-24"
                value={days}
                onChange={(event) => setDays(event.target.value)}
              />
            )}
          </Field>
          {make.error && <ErrorNote error={make.error} />}
          <Button
            type="submit"
            variant="primary"
            className="self-start"
            disabled={!isReady}
            isBusy={make.isPending}
          >
            {t("invitations.submit")}
          </Button>
        </form>
      )}
    </Sheet>
  );
}
