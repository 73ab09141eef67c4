import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { accountQuery } from "@/api/queries";
import { useTokenBulk } from "@/api/token-bulk";
import type { BulkOutcome, Token } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { amountInput, canonicalAmount } from "@/lib/money";
import { formatExact, inDays, toLocalInput } from "@/lib/time";
import { Field } from "@/ui/field";
import { FormDialog } from "@/ui/form-dialog";
import { Input } from "@/ui/input";
import { Segmented } from "@/ui/segmented";
import { toasts } from "@/ui/toast";

import { expiryOf, firstLifetime, lifetimesOf, type Lifetime } from "./token-values";

interface BulkDialogProps {
  tokens: readonly Token[];
  onClose: () => void;
  /** The tokens were changed. */
  onDone: () => void;
}

const idsOf = (tokens: readonly Token[]) => tokens.map((token) => token.id);

/** Runs the change, tells its outcome in a toast, and closes. */
function useBulk(
  toast: "bulk.extendedToast" | "bulk.quotaToast" | "bulk.deletedToast",
  { onClose, onDone }: BulkDialogProps,
) {
  const { t } = useTranslation();
  return useTokenBulk(({ done, missing }: BulkOutcome) => {
    toasts.add({
      type: "plain",
      priority: "low",
      title: t(toast, { count: done }),
      description: missing.length > 0 ? t("bulk.missing", { count: missing.length }) : undefined,
    });
    onClose();
    onDone();
  });
}

export function ExtendTokens(props: BulkDialogProps) {
  const { tokens, onClose } = props;
  const { t, i18n } = useTranslation();
  const labelId = useId();
  const { data: account } = useQuery(accountQuery);
  // An operator may have chosen tokens of other accounts, whose tiers are others.
  const isOwn = tokens.every((token) => token.account_id === account?.id);
  const tier = account && isOwn ? account.tier : null;
  const [chosen, setChosen] = useState<Lifetime>();
  const [typedTime, setTypedTime] = useState<string>();
  const first = firstLifetime(tier);
  const lifetime = chosen ?? first.lifetime;
  const customTime = typedTime ?? first.customTime;
  const max = tier?.expiry_days_max ?? null;
  const bulk = useBulk("bulk.extendedToast", props);
  const end = expiryOf({ lifetime, customTime });
  const told = end
    ? t("tokenForm.expiresAt", { when: formatExact(end, i18n.language) })
    : lifetime === "neverExpires" && t("tokenForm.neverHelp");
  const bound = tier && max !== null && t("tiers.tokenExpiry", { tier: tier.name, count: max });
  return (
    <FormDialog
      onClose={onClose}
      onSubmit={() => bulk.mutate({ action: "expire", ids: idsOf(tokens), expires_at: end })}
      title={t("bulk.extendTitle", { count: tokens.length })}
      submitLabel={t("bulk.extendSubmit")}
      cancelLabel={t("common.cancel")}
      isBusy={bulk.isPending}
      isIncomplete={lifetime === "custom" && end === null}
    >
      <div className="flex flex-col gap-2">
        <span id={labelId} className="text-head font-medium">
          {t("tokenForm.expiration")}
        </span>
        <Segmented
          value={lifetime}
          onChange={setChosen}
          labelledBy={labelId}
          isStretched
          options={lifetimesOf(tier).map((value) => ({ value, label: t(`tokenForm.${value}`) }))}
        />
        {lifetime === "custom" && (
          <Input
            type="datetime-local"
            aria-label={t("tokenForm.customTime")}
            value={customTime}
            max={max === null ? undefined : toLocalInput(inDays(max))}
            onChange={(event) => setTypedTime(event.target.value)}
          />
        )}
        <p className="min-h-4 text-meta text-muted">{[told, bound].filter(Boolean).join(" · ")}</p>
      </div>
      {bulk.error && <ErrorNote error={bulk.error} />}
    </FormDialog>
  );
}

export function AddQuotaToTokens(props: BulkDialogProps) {
  const { tokens, onClose } = props;
  const { t } = useTranslation();
  const [amount, setAmount] = useState("");
  const bulk = useBulk("bulk.quotaToast", props);
  const isAmount = amountInput.test(amount.trim());
  const unlimited = tokens.filter((token) => token.quota === null).length;
  return (
    <FormDialog
      onClose={onClose}
      onSubmit={() =>
        bulk.mutate({ action: "add_quota", ids: idsOf(tokens), amount: canonicalAmount(amount) })
      }
      title={t("bulk.quotaTitle", { count: tokens.length })}
      submitLabel={t("bulk.quotaSubmit")}
      cancelLabel={t("common.cancel")}
      isBusy={bulk.isPending}
      isIncomplete={!isAmount}
    >
      <Field
        label={t("bulk.quotaAmount")}
        help={
          unlimited === 0 ? t("bulk.quotaHelp") : t("bulk.quotaHelpUnlimited", { count: unlimited })
        }
        error={amount !== "" && !isAmount ? t("validation.amount") : undefined}
      >
        {(field) => (
          <Input
            {...field}
            inputMode="decimal"
            autoComplete="off"
            lead="$"
            className="tabular"
            value={amount}
            onChange={(event) => setAmount(event.target.value)}
          />
        )}
      </Field>
      {bulk.error && <ErrorNote error={bulk.error} />}
    </FormDialog>
  );
}

/** Typing how many they are takes the thought that a click does not. */
export function DeleteTokens(props: BulkDialogProps) {
  const { tokens, onClose } = props;
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const bulk = useBulk("bulk.deletedToast", props);
  const names = tokens.slice(0, 5).map((token) => token.name);
  const more = tokens.length - names.length;
  return (
    <FormDialog
      tone="danger"
      onClose={onClose}
      onSubmit={() => bulk.mutate({ action: "delete", ids: idsOf(tokens) })}
      title={t("bulk.deleteTitle", { count: tokens.length })}
      description={
        <>
          <p className="font-medium text-ink">{t("deleteToken.irreversible")}</p>
          <p>{t("bulk.deleteEffect")}</p>
          <p className="break-words">
            {names.join(", ")}
            {more > 0 && ` ${t("bulk.andMore", { count: more })}`}
          </p>
        </>
      }
      submitLabel={t("deleteToken.confirm")}
      cancelLabel={t("common.cancel")}
      isBusy={bulk.isPending}
      isIncomplete={typed.trim() !== String(tokens.length)}
    >
      <Field label={t("bulk.typeNumber", { count: tokens.length })}>
        {(field) => (
          <Input
            {...field}
            inputMode="numeric"
            autoComplete="off"
            className="tabular"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
      </Field>
      {bulk.error && <ErrorNote error={bulk.error} />}
    </FormDialog>
  );
}
