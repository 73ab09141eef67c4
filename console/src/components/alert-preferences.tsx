import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { alertPreferencesQuery, keys } from "@/api/queries";
import type { AlertPreferenceChange, AlertPreferences as Preferences } from "@/api/types";
import { alertKinds } from "@/lib/alerts";
import { amountInput, canonicalAmount, formatMoney } from "@/lib/money";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";
import { Switch } from "@/ui/switch";
import { toasts } from "@/ui/toast";

import { ErrorNote } from "./error-note";
import { Section } from "./panel";
import { Webhook } from "./webhook";

/** What the account's people are told without asking, and how. */
export function AlertPreferences() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(alertPreferencesQuery);
  return (
    <div id="alerts" className="flex scroll-mt-20 flex-col gap-8">
      <Section title={t("alerts.preferences")}>
        <p className="mb-2 text-muted">{t("alerts.preferencesLead")}</p>
        {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
        {!data && !error && <span className="skeleton block h-64 rounded-panel!" />}
        {data && <Choices preferences={data} />}
      </Section>
      {data && <Webhook webhook={data.webhook} />}
    </div>
  );
}

function useChange() {
  const queryClient = useQueryClient();
  return useMutation<Preferences, ApiError, AlertPreferenceChange>({
    mutationFn: (body) => bodyOf(api.PUT("/api/v1/alert-preferences", { body })),
    onSuccess: (saved) => queryClient.setQueryData(keys.alertPreferences, saved),
  });
}

function Choices({ preferences }: { preferences: Preferences }) {
  const { t } = useTranslation();
  const change = useChange();
  // What is being switched shows at once, and goes back if the server refuses.
  const wanted = change.isPending ? change.variables : undefined;
  const kinds = alertKinds.filter((kind) => kind in preferences.kinds);
  return (
    <div className="flex flex-col gap-2">
      <div className="rounded-panel border border-line-strong bg-surface">
        {kinds.map((kind) => (
          <Choice
            key={kind}
            id={`alert-${kind}`}
            label={t(`alerts.names.${kind}`)}
            isOn={wanted?.kinds?.[kind] ?? preferences.kinds[kind] ?? true}
            onChange={(isOn) => change.mutate({ kinds: { [kind]: isOn } })}
          />
        ))}
        <Choice
          id="alert-mail"
          label={t("alerts.mail")}
          note={preferences.sends_mail ? undefined : t("alerts.mailOff")}
          isDisabled={!preferences.sends_mail}
          isOn={preferences.sends_mail && (wanted?.mail ?? preferences.mail)}
          onChange={(mail) => change.mutate({ mail })}
        />
        <Threshold preferences={preferences} />
      </div>
      {change.error && <ErrorNote error={change.error} title={t("alerts.saveFailed")} />}
    </div>
  );
}

interface ChoiceProps {
  id: string;
  label: string;
  note?: string | undefined;
  isOn: boolean;
  isDisabled?: boolean;
  onChange: (isOn: boolean) => void;
}

function Choice({ id, label, note, isOn, isDisabled = false, onChange }: ChoiceProps) {
  return (
    <div className="flex min-h-12 items-center justify-between gap-4 border-t border-line px-4 py-2 first:border-t-0">
      <span className="flex flex-col">
        <span id={id}>{label}</span>
        {note && <span className="text-head text-muted">{note}</span>}
      </span>
      <Switch isOn={isOn} onChange={onChange} labelledBy={id} isDisabled={isDisabled} />
    </div>
  );
}

function Threshold({ preferences }: { preferences: Preferences }) {
  const { t } = useTranslation();
  const change = useChange();
  const [typed, setTyped] = useState(preferences.low_balance ?? "");
  const amount = typed.trim();
  const isWrong = amount !== "" && !amountInput.test(amount);
  const save = () =>
    change.mutate(
      { low_balance: amount === "" ? null : canonicalAmount(amount) },
      {
        onSuccess: () => toasts.add({ type: "plain", title: t("alerts.saved"), priority: "low" }),
      },
    );
  return (
    <form
      noValidate
      className="flex flex-col gap-2 border-t border-line px-4 py-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isWrong) save();
      }}
    >
      <Field
        label={t("alerts.threshold")}
        help={t("alerts.thresholdHelp", { amount: formatMoney(preferences.low_balance_default) })}
        error={isWrong ? t("validation.amount") : undefined}
      >
        {(control) => (
          <div className="flex gap-2">
            <div className="w-40">
              <Input
                {...control}
                lead="$"
                inputMode="decimal"
                autoComplete="off"
                className="tabular"
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
              />
            </div>
            <Button type="submit" isBusy={change.isPending}>
              {t("common.save")}
            </Button>
          </div>
        )}
      </Field>
      {change.error && <ErrorNote error={change.error} title={t("alerts.saveFailed")} />}
    </form>
  );
}
