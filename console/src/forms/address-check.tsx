import { useMutation } from "@tanstack/react-query";
import { useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import { askAddress } from "@/api/queries";
import { describeError } from "@/api/errors";
import { Button } from "@/ui/button";
import { Input } from "@/ui/input";

/** Asks the server whether an address would pass these rules, before they are in force. */
export function AddressCheck({ rules }: { rules: string[] }) {
  const { t } = useTranslation();
  const [address, setAddress] = useState("");
  const check = useMutation({
    mutationFn: () => askAddress(rules, address.trim()),
  });
  const isAsked = address.trim() !== "";
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return;
    // Asks, and does not send the form around it.
    event.preventDefault();
    if (isAsked) check.mutate();
  };
  const answer = check.data;
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex items-center gap-2">
        <Input
          aria-label={t("tokenForm.checkAddress")}
          placeholder={t("tokenForm.checkPlaceholder")}
          autoComplete="off"
          spellCheck={false}
          className="h-7! flex-1 font-mono text-meta"
          value={address}
          onChange={(event) => {
            setAddress(event.target.value);
            check.reset();
          }}
          onKeyDown={onKeyDown}
        />
        <Button
          size="small"
          disabled={!isAsked}
          isBusy={check.isPending}
          onClick={() => check.mutate()}
        >
          {t("tokenForm.check")}
        </Button>
      </div>
      <p role="status" className="text-meta empty:hidden">
        {answer && (
          <span className={answer.allowed ? "text-ok" : "text-warn"}>
            {t(answer.allowed ? "tokenForm.checkPasses" : "tokenForm.checkRefused", {
              address: answer.address,
            })}
          </span>
        )}
        {check.error && <span className="text-bad">{describeError(check.error, t).message}</span>}
      </p>
    </div>
  );
}
