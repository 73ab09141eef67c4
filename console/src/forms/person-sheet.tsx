import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys, personQuery, sessionQuery } from "@/api/queries";
import type { Person, PersonChange } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { PersonFacts } from "@/components/people-list";
import { rolesToGive, type Role } from "@/lib/people-search";
import { Button } from "@/ui/button";
import { Field, FieldGroup } from "@/ui/field";
import { Input } from "@/ui/input";
import { Segmented } from "@/ui/segmented";
import { Sheet } from "@/ui/sheet";
import { toasts } from "@/ui/toast";

import { AdjustBalance } from "./adjust-balance";
import { PersonAccess } from "./person-access";

interface PersonSheetProps {
  id: string;
  onClose: () => void;
}

/** One person: what is known of them, and what an operator above them may change. */
export function PersonSheet({ id, onClose }: PersonSheetProps) {
  const { t } = useTranslation();
  const { data: person, error, refetch } = useQuery(personQuery(id));
  const { data: session } = useQuery(sessionQuery);
  const isOneself = session?.user.id === id;
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={person?.email ?? t("people.person")}
      closeLabel={t("common.close")}
    >
      <div className="flex flex-1 flex-col gap-6 overflow-y-auto px-5 py-5">
        {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
        {!person && !error && <span className="skeleton block h-40" />}
        {person && <PersonFacts person={person} />}
        {person && session && !person.may_change && (
          <p className="text-muted">{t(isOneself ? "people.isYou" : "people.notBelow")}</p>
        )}
        {person && session && person.may_change && (
          <>
            <WhoTheyAre key={person.role + person.name} person={person} own={session.user.role} />
            <PersonAccess person={person} />
          </>
        )}
        {person && <AdjustBalance person={person} />}
      </div>
    </Sheet>
  );
}

/** A part of the sheet under its own heading. */
export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="flex flex-col gap-3 border-t border-line pt-4">
      <h3 className="font-semibold">{title}</h3>
      {children}
    </section>
  );
}

/** Changes a person, and shows everywhere what they are now. */
export function useChangePerson(
  person: Person,
  onDone: (changed: Person, change: PersonChange) => void,
) {
  const queryClient = useQueryClient();
  return useMutation<Person, ApiError, PersonChange>({
    mutationFn: (body) =>
      bodyOf(api.PATCH("/api/v1/users/{id}", { params: { path: { id: person.id } }, body })),
    onSuccess: (changed, change) => {
      queryClient.setQueryData(personQuery(person.id).queryKey, changed);
      void queryClient.invalidateQueries({ queryKey: keys.people });
      void queryClient.invalidateQueries({ queryKey: keys.audit });
      onDone(changed, change);
    },
  });
}

function WhoTheyAre({ person, own }: { person: Person; own: Role }) {
  const { t } = useTranslation();
  const [name, setName] = useState(person.name);
  const [role, setRole] = useState<Role>(person.role);
  const save = useChangePerson(person, ({ email }) => {
    const title = t("people.savedToast", { email });
    toasts.add({ type: "plain", title, priority: "low" });
  });
  const change: PersonChange = {
    ...(name.trim() !== person.name && { name: name.trim() }),
    ...(role !== person.role && { role }),
  };
  const isSame = Object.keys(change).length === 0;
  return (
    <Part title={t("people.person")}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isSame && !save.isPending) save.mutate(change);
        }}
      >
        <Field label={t("people.name")} help={t("people.nameHelp")}>
          {(field) => (
            <Input
              {...field}
              autoComplete="off"
              maxLength={64}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <FieldGroup label={t("people.role")} help={t("people.roleHelp")}>
          {({ labelId, describedBy }) => (
            <Segmented<Role>
              value={role}
              onChange={setRole}
              labelledBy={labelId}
              describedBy={describedBy}
              isStretched
              options={rolesToGive(own).map((value) => ({
                value,
                label: t(`profile.role_${value}`),
              }))}
            />
          )}
        </FieldGroup>
        {save.error && save.error.code !== "step_up_required" && <ErrorNote error={save.error} />}
        <Button type="submit" className="self-start" disabled={isSame} isBusy={save.isPending}>
          {t("people.saveRole")}
        </Button>
      </form>
    </Part>
  );
}
