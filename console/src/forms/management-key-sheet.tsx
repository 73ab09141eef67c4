import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useRef, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys, sessionQuery } from "@/api/queries";
import type { CreatedManagementKey } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { isOperator } from "@/lib/roles";
import { formatExact } from "@/lib/time";
import { Button } from "@/ui/button";
import { Checkbox } from "@/ui/checkbox";
import { Field, FieldGroup } from "@/ui/field";
import { Input } from "@/ui/input";
import { Segmented } from "@/ui/segmented";
import { Sheet } from "@/ui/sheet";

import { scopesFor, scopeText, type Scope } from "./management-key-values";
import { ManagementKeyReveal } from "./management-key-reveal";
import { expiryOf, lifetimes, type Lifetime } from "./token-values";

/** A key for programs that manage the relay; after it is made its secret is shown, once. */
export function ManagementKeySheet({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [created, setCreated] = useState<CreatedManagementKey | null>(null);
  const firstField = useRef<HTMLInputElement | null>(null);
  if (created) return <ManagementKeyReveal created={created} onClose={onClose} />;
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={t("managementKeys.add")}
      closeLabel={t("common.close")}
      initialFocus={firstField}
    >
      <KeyForm firstField={firstField} onCreated={setCreated} onClose={onClose} />
    </Sheet>
  );
}

interface KeyFormProps {
  firstField: React.RefObject<HTMLInputElement | null>;
  onCreated: (created: CreatedManagementKey) => void;
  onClose: () => void;
}

function KeyForm({ firstField, onCreated, onClose }: KeyFormProps) {
  const { t, i18n } = useTranslation();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<Scope[]>([]);
  const [lifetime, setLifetime] = useState<Lifetime>("days90");
  const [customTime, setCustomTime] = useState("");
  const [isSent, setSent] = useState(false);
  const end = expiryOf({ lifetime, customTime });
  const create = useMutation<CreatedManagementKey, ApiError>({
    mutationFn: () =>
      bodyOf(
        api.POST("/api/v1/management-keys", {
          body: { name: name.trim(), scopes: chosen, expires_at: end },
        }),
      ),
    onSuccess: (created) => {
      void queryClient.invalidateQueries({ queryKey: keys.managementKeys });
      onCreated(created);
    },
  });
  const faults = {
    name: name.trim() === "" ? t("validation.required") : undefined,
    scopes: chosen.length === 0 ? t("validation.scopes") : undefined,
    time: lifetime === "custom" && end === null ? t("validation.timeRequired") : undefined,
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSent(true);
    if (!faults.name && !faults.scopes && !faults.time && !create.isPending) create.mutate();
  };
  return (
    <form noValidate className="flex min-h-0 flex-1 flex-col" onSubmit={submit}>
      <div className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
        <Field
          label={t("managementKeys.name")}
          help={t("managementKeys.nameHelp")}
          error={isSent ? faults.name : undefined}
        >
          {(field) => (
            <Input
              {...field}
              ref={firstField}
              autoComplete="off"
              maxLength={64}
              placeholder={t("managementKeys.namePlaceholder")}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <ScopesField
          chosen={chosen}
          onChange={setChosen}
          error={isSent ? faults.scopes : undefined}
        />
        <FieldGroup
          label={t("tokenForm.expiration")}
          help={
            end
              ? t("tokenForm.expiresAt", { when: formatExact(end, i18n.language) })
              : lifetime === "neverExpires" && t("managementKeys.neverHelp")
          }
          error={isSent ? faults.time : undefined}
        >
          {({ labelId, describedBy }) => (
            <div className="flex flex-col gap-2">
              <Segmented
                value={lifetime}
                onChange={setLifetime}
                labelledBy={labelId}
                describedBy={describedBy}
                isStretched
                options={lifetimes.map((value) => ({ value, label: t(`tokenForm.${value}`) }))}
              />
              {lifetime === "custom" && (
                <Input
                  type="datetime-local"
                  aria-label={t("tokenForm.customTime")}
                  value={customTime}
                  onChange={(event) => setCustomTime(event.target.value)}
                />
              )}
            </div>
          )}
        </FieldGroup>
        {create.error && <ErrorNote error={create.error} />}
      </div>
      <footer className="flex shrink-0 justify-end gap-2 border-t border-line px-5 py-3">
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" variant="primary" isBusy={create.isPending}>
          {t("managementKeys.submit")}
        </Button>
      </footer>
    </form>
  );
}

interface ScopesFieldProps {
  chosen: Scope[];
  onChange: (chosen: Scope[]) => void;
  error: string | undefined;
}

function ScopesField({ chosen, onChange, error }: ScopesFieldProps) {
  const { t } = useTranslation();
  const id = useId();
  const { data: session } = useQuery(sessionQuery);
  const offered = scopesFor(session !== undefined && isOperator(session.user.role));
  const toggle = (scope: Scope) =>
    onChange(chosen.includes(scope) ? chosen.filter((one) => one !== scope) : [...chosen, scope]);
  return (
    <FieldGroup
      label={t("managementKeys.scopes")}
      help={t("managementKeys.scopesHelp")}
      error={error}
    >
      {({ labelId }) => (
        <ul
          aria-labelledby={labelId}
          className="rounded-control border border-control-line/60 bg-surface py-1"
        >
          {offered.map((scope) => (
            <li key={scope} className="flex min-h-8 items-center gap-2 px-2">
              <Checkbox
                isChecked={chosen.includes(scope)}
                onChange={() => toggle(scope)}
                labelledBy={`${id}-${scope}`}
              />
              <span id={`${id}-${scope}`} className="min-w-0 flex-1">
                {t(`managementKeys.scope_${scopeText(scope)}`)}
              </span>
              <code className="font-mono text-meta text-muted">{scope}</code>
            </li>
          ))}
        </ul>
      )}
    </FieldGroup>
  );
}
