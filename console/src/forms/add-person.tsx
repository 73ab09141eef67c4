import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { instanceQuery, keys, sessionQuery } from "@/api/queries";
import { ErrorNote } from "@/components/error-note";
import { OneTimeLink } from "@/components/one-time-link";
import { rolesToGive, type Role } from "@/lib/people-search";
import { Button } from "@/ui/button";
import { Field, FieldGroup } from "@/ui/field";
import { Input } from "@/ui/input";
import { Segmented } from "@/ui/segmented";
import { Sheet } from "@/ui/sheet";

interface Added {
  email: string;
  link: string;
}

/** Adds a person without a password, and gives the link with which they set one. */
export function AddPerson({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const { data: instance } = useQuery(instanceQuery);
  const hasProviders = instance !== undefined && instance.providers.length > 0;
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("user");
  const add = useMutation<Added, ApiError>({
    mutationFn: async () => {
      const person = await bodyOf(
        api.POST("/api/v1/users", { body: { email: email.trim(), role } }),
      );
      void queryClient.invalidateQueries({ queryKey: keys.people });
      const path = { id: person.id };
      const made = await bodyOf(api.POST("/api/v1/users/{id}/password-link", { params: { path } }));
      return { email: person.email, link: made.link };
    },
  });
  // An owner is made of somebody who is there: see the person's own sheet.
  const offered = rolesToGive(session?.user.role ?? "user").filter((one) => one !== "owner");
  const isEmail = /^\S+@\S+$/.test(email.trim());
  return (
    <Sheet isOpen onClose={onClose} title={t("people.addTitle")} closeLabel={t("common.close")}>
      {add.data ? (
        <div className="flex flex-1 flex-col gap-4 overflow-y-auto px-5 py-5">
          <p className="font-medium break-words">
            {t("people.addedTitle", { email: add.data.email })}
          </p>
          <p className="text-muted">{t("people.linkHelp")}</p>
          {hasProviders && <p className="text-muted">{t("people.orByProvider")}</p>}
          <OneTimeLink link={add.data.link} />
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
            if (isEmail && !add.isPending) add.mutate();
          }}
        >
          <p className="text-muted">{t("people.addLead")}</p>
          <Field label={t("people.addEmail")}>
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
          {offered.length > 1 && (
            <FieldGroup label={t("people.role")}>
              {({ labelId }) => (
                <Segmented<Role>
                  value={role}
                  onChange={setRole}
                  labelledBy={labelId}
                  options={offered.map((value) => ({
                    value,
                    label: t(`profile.role_${value}`),
                  }))}
                />
              )}
            </FieldGroup>
          )}
          {add.error && <ErrorNote error={add.error} />}
          <Button
            type="submit"
            variant="primary"
            className="self-start"
            disabled={!isEmail}
            isBusy={add.isPending}
          >
            {t("people.addSubmit")}
          </Button>
        </form>
      )}
    </Sheet>
  );
}
