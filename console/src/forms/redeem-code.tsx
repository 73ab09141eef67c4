import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import { describeError, type ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { RedemptionDone } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { Panel } from "@/components/panel";
import { newWord } from "@/lib/word";
import { formatMoney } from "@/lib/money";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";

/** Redeems a code, and says what it was worth. */
export function RedeemCode() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [code, setCode] = useState("");
  // The same text sent again, as after a lost answer, is the same request.
  const asked = useRef({ code: "", word: "" });
  const redeem = useMutation<RedemptionDone, ApiError>({
    mutationFn: () => {
      if (asked.current.code !== code) asked.current = { code, word: newWord() };
      return bodyOf(
        api.POST("/api/v1/redemptions", {
          body: { code },
          headers: { "idempotency-key": asked.current.word },
        }),
      );
    },
    onSuccess: () => {
      setCode("");
      asked.current = { code: "", word: "" };
      void queryClient.invalidateQueries({ queryKey: keys.account });
      void queryClient.invalidateQueries({ queryKey: keys.tokens });
    },
  });
  const ofField = redeem.error?.field === "code" ? describeError(redeem.error, t).message : null;
  return (
    <Panel>
      <form
        aria-label={t("redeem.title")}
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (code.trim() !== "" && !redeem.isPending) redeem.mutate();
        }}
      >
        <h2 className="text-lead font-semibold">{t("redeem.title")}</h2>
        <Field label={t("redeem.code")} help={t("redeem.help")} error={ofField ?? undefined}>
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
              maxLength={100}
              className="max-w-[480px] font-mono"
              value={code}
              onChange={(event) => {
                setCode(event.target.value);
                if (!redeem.isPending) redeem.reset();
              }}
            />
          )}
        </Field>
        {redeem.error && ofField === null && (
          <ErrorNote error={redeem.error} title={t("redeem.failed")} />
        )}
        <p role="status" className="text-ok empty:hidden">
          {redeem.data &&
            t("redeem.done", {
              amount: formatMoney(redeem.data.amount),
              balance: formatMoney(redeem.data.balance),
            })}
        </p>
        <Button type="submit" className="self-start" isBusy={redeem.isPending}>
          {t("redeem.submit")}
        </Button>
      </form>
    </Panel>
  );
}
