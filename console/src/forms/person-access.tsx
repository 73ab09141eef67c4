import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { PasswordLink, Person } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { OneTimeLink } from "@/components/one-time-link";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { toasts } from "@/ui/toast";

import { Part, useChangePerson } from "./person-sheet";

/** Keeping a person out, letting them in, and helping who lost password or factor. */
export function PersonAccess({ person }: { person: Person }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState<"disable" | "factor" | null>(null);
  const say = (title: string) => toasts.add({ type: "plain", title, priority: "low" });
  const { email } = person;
  const change = useChangePerson(person, (changed) => {
    say(t(changed.disabled ? "people.disabledToast" : "people.enabledToast", { email }));
    setAsking(null);
  });
  const link = useMutation<PasswordLink, ApiError>({
    mutationFn: () =>
      bodyOf(api.POST("/api/v1/users/{id}/password-link", { params: { path: { id: person.id } } })),
  });
  return (
    <Part title={t("people.access")}>
      <div className="flex flex-wrap gap-2">
        {person.disabled ? (
          <Button isBusy={change.isPending} onClick={() => change.mutate({ disabled: false })}>
            {t("people.enable")}
          </Button>
        ) : (
          <Button onClick={() => setAsking("disable")}>{t("people.disable")}</Button>
        )}
        {!person.disabled && (
          <Button isBusy={link.isPending} onClick={() => link.mutate()}>
            {t("people.linkMake")}
          </Button>
        )}
        {person.second_factor && (
          <Button onClick={() => setAsking("factor")}>{t("people.removeFactor")}</Button>
        )}
      </div>
      {!person.disabled && <p className="text-head text-muted">{t("people.linkHelp")}</p>}
      {link.data && <OneTimeLink link={link.data.link} />}
      {link.error && <ErrorNote error={link.error} />}
      {change.error && asking === null && <ErrorNote error={change.error} />}
      {asking === "disable" && (
        <Confirm
          isOpen
          onCancel={() => setAsking(null)}
          onConfirm={() => change.mutate({ disabled: true })}
          title={t("people.disableTitle", { email })}
          description={<p>{t("people.disableEffect")}</p>}
          confirmLabel={t("people.disable")}
          cancelLabel={t("common.cancel")}
          isBusy={change.isPending}
        >
          {change.error && <ErrorNote error={change.error} />}
        </Confirm>
      )}
      {asking === "factor" && (
        <RemoveFactor
          person={person}
          onClose={() => setAsking(null)}
          onDone={() => say(t("people.factorRemovedToast"))}
        />
      )}
    </Part>
  );
}

interface RemoveFactorProps {
  person: Person;
  onClose: () => void;
  onDone: () => void;
}

function RemoveFactor({ person, onClose, onDone }: RemoveFactorProps) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const remove = useMutation<unknown, ApiError>({
    mutationFn: () =>
      api.DELETE("/api/v1/users/{id}/factors", { params: { path: { id: person.id } } }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.people });
      onDone();
      onClose();
    },
  });
  return (
    <Confirm
      isOpen
      onCancel={onClose}
      onConfirm={() => remove.mutate()}
      title={t("people.removeFactorTitle", { email: person.email })}
      description={<p>{t("people.removeFactorEffect")}</p>}
      confirmLabel={t("people.removeFactor")}
      cancelLabel={t("common.cancel")}
      isBusy={remove.isPending}
    >
      {remove.error && <ErrorNote error={remove.error} />}
    </Confirm>
  );
}
