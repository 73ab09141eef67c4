import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useRef, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { CodesMade } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { newWord } from "@/lib/word";
import { formatExact } from "@/lib/time";
import { Button } from "@/ui/button";
import { Checkbox } from "@/ui/checkbox";
import { Field, FieldGroup } from "@/ui/field";
import { Input } from "@/ui/input";
import { Segmented } from "@/ui/segmented";
import { Sheet } from "@/ui/sheet";

import { CodeBatchReveal } from "./code-batch-reveal";
import { bodyOfCodes, emptyCodes, faultsOfCodes, type CodesValues } from "./code-batch-values";
import { expiryOf, lifetimes } from "./token-values";

/** Makes a batch of redemption codes; after that they are shown, once. */
export function CodeBatchSheet({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [made, setMade] = useState<CodesMade | null>(null);
  const firstField = useRef<HTMLInputElement | null>(null);
  if (made) return <CodeBatchReveal made={made} onClose={onClose} />;
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={t("codes.create")}
      closeLabel={t("common.close")}
      initialFocus={firstField}
    >
      <CodesForm firstField={firstField} onMade={setMade} onClose={onClose} />
    </Sheet>
  );
}

interface CodesFormProps {
  firstField: React.RefObject<HTMLInputElement | null>;
  onMade: (made: CodesMade) => void;
  onClose: () => void;
}

function CodesForm({ firstField, onMade, onClose }: CodesFormProps) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [values, setValues] = useState<CodesValues>(emptyCodes);
  const [isSent, setSent] = useState(false);
  const word = useRef(newWord());
  const create = useMutation<CodesMade, ApiError>({
    mutationFn: () =>
      bodyOf(
        api.POST("/api/v1/redemption-codes", {
          body: bodyOfCodes(values),
          headers: { "idempotency-key": word.current },
        }),
      ),
    onSuccess: (made) => {
      void queryClient.invalidateQueries({ queryKey: keys.codes });
      onMade(made);
    },
  });
  const faults = faultsOfCodes(values);
  const change = (part: Partial<CodesValues>) => {
    setValues((before) => ({ ...before, ...part }));
    word.current = newWord();
    create.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSent(true);
    if (Object.keys(faults).length === 0 && !create.isPending) create.mutate();
  };
  /** What the form or the server has to say about a field. */
  const faultOf = (field: keyof typeof faults, name: string = field) => {
    const fault = faults[field];
    if (isSent && fault) return t(fault);
    return create.error?.field === name ? create.error.message : undefined;
  };
  const numbers = [
    ["count", t("codes.form.count"), undefined],
    ["amount", t("codes.form.amount"), undefined],
    ["uses", t("codes.form.uses"), t("codes.form.usesHelp")],
  ] as const;
  return (
    <form noValidate className="flex min-h-0 flex-1 flex-col" onSubmit={submit}>
      <div className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
        {numbers.map(([field, label, help], index) => (
          <Field key={field} label={label} help={help} error={faultOf(field)}>
            {(control) => (
              <Input
                {...control}
                ref={index === 0 ? firstField : undefined}
                inputMode={field === "amount" ? "decimal" : "numeric"}
                autoComplete="off"
                value={values[field]}
                onChange={(event) => change({ [field]: event.target.value })}
              />
            )}
          </Field>
        ))}
        {values.uses.trim() !== "1" && (
          <AgainField isAgain={values.isAgain} onChange={(isAgain) => change({ isAgain })} />
        )}
        <ExpirationField
          values={values}
          onChange={change}
          error={faultOf("customTime", "expires_at")}
        />
        <Field
          label={t("codes.form.note")}
          help={t("codes.form.noteHelp")}
          error={create.error?.field === "note" ? create.error.message : undefined}
        >
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              maxLength={100}
              placeholder={t("codes.form.notePlaceholder")}
              value={values.note}
              onChange={(event) => change({ note: event.target.value })}
            />
          )}
        </Field>
        {create.error && !create.error.field && <ErrorNote error={create.error} />}
      </div>
      <footer className="flex shrink-0 justify-end gap-2 border-t border-line px-5 py-3">
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" variant="primary" isBusy={create.isPending}>
          {t("codes.form.submit")}
        </Button>
      </footer>
    </form>
  );
}

interface AgainFieldProps {
  isAgain: boolean;
  onChange: (isAgain: boolean) => void;
}

function AgainField({ isAgain, onChange }: AgainFieldProps) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <div className="flex items-start gap-2">
      <Checkbox isChecked={isAgain} onChange={onChange} labelledBy={id} />
      <span id={id} className="pt-0.5">
        {t("codes.form.again")}
      </span>
    </div>
  );
}

interface ExpirationFieldProps {
  values: CodesValues;
  onChange: (part: Partial<CodesValues>) => void;
  error: string | undefined;
}

function ExpirationField({ values, onChange, error }: ExpirationFieldProps) {
  const { t, i18n } = useTranslation();
  const end = expiryOf(values);
  return (
    <FieldGroup
      label={t("codes.form.expiration")}
      help={end && t("tokenForm.expiresAt", { when: formatExact(end, i18n.language) })}
      error={error}
    >
      {({ labelId, describedBy }) => (
        <div className="flex flex-col gap-2">
          <Segmented
            value={values.lifetime}
            onChange={(lifetime) => onChange({ lifetime })}
            labelledBy={labelId}
            describedBy={describedBy}
            isStretched
            options={lifetimes.map((value) => ({ value, label: t(`tokenForm.${value}`) }))}
          />
          {values.lifetime === "custom" && (
            <Input
              type="datetime-local"
              aria-label={t("tokenForm.customTime")}
              value={values.customTime}
              onChange={(event) => onChange({ customTime: event.target.value })}
            />
          )}
        </div>
      )}
    </FieldGroup>
  );
}
