import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { CreditPosted, Person } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { canonicalSigned, formatMoney, signedAmountInput } from "@/lib/money";
import { Button } from "@/ui/button";
import { Field, FieldGroup } from "@/ui/field";
import { Input } from "@/ui/input";
import { Select } from "@/ui/select";
import { toasts } from "@/ui/toast";

import { Part } from "./person-sheet";

const kinds = ["top_up", "grant", "adjustment", "reversal"] as const;
type Kind = (typeof kinds)[number];

/** Money in or out by an operator's hand, with a reason for the books. */
export function AdjustBalance({ person }: { person: Person }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [kind, setKind] = useState<Kind>("adjustment");
  const [amount, setAmount] = useState("");
  const [reason, setReason] = useState("");
  // The same press twice, or a lost answer, must not post twice.
  const [word, setWord] = useState(() => crypto.randomUUID());
  const typed = amount.trim();
  const isAmount = signedAmountInput.test(typed) && !/^-?0+(\.0+)?$/.test(typed);
  const post = useMutation<CreditPosted, ApiError>({
    mutationFn: () =>
      bodyOf(
        api.POST("/api/v1/credits", {
          body: {
            account: person.account,
            amount: canonicalSigned(typed),
            kind,
            reason: reason.trim(),
          },
          headers: { "idempotency-key": word },
        }),
      ),
    onSuccess: async ({ balance }) => {
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: keys.people }),
        queryClient.invalidateQueries({ queryKey: keys.account }),
        queryClient.invalidateQueries({ queryKey: keys.audit }),
      ]);
      const title = t("people.adjustedToast", { amount: formatMoney(balance) });
      toasts.add({ type: "plain", title, priority: "low" });
      setAmount("");
      setReason("");
      setWord(crypto.randomUUID());
    },
  });
  /** Another posting is another word. */
  const change = <T,>(set: (value: T) => void) => {
    return (value: T) => {
      set(value);
      setWord(crypto.randomUUID());
    };
  };
  const isReady = isAmount && reason.trim() !== "";
  return (
    <Part title={t("people.adjust")}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && !post.isPending) post.mutate();
        }}
      >
        <FieldGroup label={t("people.adjustKind")}>
          {() => (
            <Select<Kind>
              label={t("people.adjustKind")}
              value={kind}
              onChange={change(setKind)}
              options={kinds.map((value) => ({ value, label: t(`wallet.kinds.${value}`) }))}
            />
          )}
        </FieldGroup>
        <Field
          label={t("people.adjustAmount")}
          help={t("people.adjustAmountHelp")}
          error={typed !== "" && !isAmount ? t("people.signedAmount") : undefined}
        >
          {(field) => (
            <Input
              {...field}
              inputMode="text"
              autoComplete="off"
              lead="$"
              className="tabular"
              value={amount}
              onChange={(event) => change(setAmount)(event.target.value)}
            />
          )}
        </Field>
        <Field label={t("people.adjustReason")} help={t("people.adjustReasonHelp")}>
          {(field) => (
            <Input
              {...field}
              autoComplete="off"
              maxLength={200}
              value={reason}
              onChange={(event) => change(setReason)(event.target.value)}
            />
          )}
        </Field>
        {post.error && <ErrorNote error={post.error} />}
        <Button type="submit" className="self-start" disabled={!isReady} isBusy={post.isPending}>
          {t("people.adjustSubmit")}
        </Button>
      </form>
    </Part>
  );
}
