import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { ProposedTotp, RecoveryCodes } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy-button";
import { Field } from "@/ui/field";
import { Input } from "@/ui/input";
import { Sheet } from "@/ui/sheet";

interface FactorSheetProps {
  proposed: ProposedTotp | null;
  /** Set once there are codes to be shown. */
  codes: string[] | null;
  onCodes: (codes: string[]) => void;
  onClose: () => void;
}

/** An app's secret and its first code, then the recovery codes: each is shown once. */
export function FactorSheet({ proposed, codes, onCodes, onClose }: FactorSheetProps) {
  const { t } = useTranslation();
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={codes ? t("factors.codesTitle") : t("factors.add")}
      closeLabel={t("common.close")}
    >
      {codes && <Codes codes={codes} onClose={onClose} />}
      {!codes && proposed && <AppForm proposed={proposed} onCodes={onCodes} onClose={onClose} />}
    </Sheet>
  );
}

interface AppFormProps {
  proposed: ProposedTotp;
  onCodes: (codes: string[]) => void;
  onClose: () => void;
}

function AppForm({ proposed, onCodes, onClose }: AppFormProps) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [code, setCode] = useState("");
  const confirm = useMutation<RecoveryCodes, ApiError>({
    mutationFn: () => bodyOf(api.POST("/api/v1/factors/totp/confirm", { body: { code } })),
    onSuccess: ({ recovery_codes }) => {
      onCodes(recovery_codes);
      void queryClient.invalidateQueries({ queryKey: keys.factors });
      void queryClient.invalidateQueries({ queryKey: keys.session });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (code.trim() !== "" && !confirm.isPending) confirm.mutate();
  };
  return (
    <form noValidate className="flex min-h-0 flex-1 flex-col" onSubmit={submit}>
      <div className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
        <p>{t("factors.scan")}</p>
        <img
          className="size-50 self-center rounded-control border border-line bg-white"
          src={`data:image/svg+xml,${encodeURIComponent(proposed.qr_svg)}`}
          alt={t("factors.qr")}
        />
        <div className="flex flex-col gap-2">
          <h3 className="text-head font-medium">{t("factors.secret")}</h3>
          <output
            data-testid="totp-secret"
            className="rounded-control border border-line-strong bg-sunken px-3 py-2.5 font-mono break-all select-all"
          >
            {proposed.secret}
          </output>
        </div>
        <Field label={t("factors.firstCode")} help={t("factors.firstCodeHelp")}>
          {(field) => (
            <Input
              {...field}
              inputMode="numeric"
              autoComplete="one-time-code"
              maxLength={6}
              value={code}
              onChange={(event) => setCode(event.target.value)}
            />
          )}
        </Field>
        {confirm.error && <ErrorNote error={confirm.error} />}
      </div>
      <footer className="flex shrink-0 justify-end gap-2 border-t border-line px-5 py-3">
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" variant="primary" isBusy={confirm.isPending}>
          {t("factors.confirm")}
        </Button>
      </footer>
    </form>
  );
}

function Codes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const { t } = useTranslation();
  const text = codes.join("\n");
  return (
    <>
      <div className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
        <p>{t("factors.codesLead")}</p>
        <output
          data-testid="recovery-codes"
          className="rounded-control border border-line-strong bg-sunken px-3 py-2.5 font-mono whitespace-pre select-all"
        >
          {text}
        </output>
        <p className="text-head text-warn">{t("factors.codesOnce")}</p>
        <div>
          <CopyButton
            variant="primary"
            text={text}
            label={t("factors.copyCodes")}
            shownLabel={t("factors.copyCodes")}
            copiedLabel={t("common.copied")}
          />
        </div>
      </div>
      <footer className="flex shrink-0 justify-end border-t border-line px-5 py-3">
        <Button onClick={onClose}>{t("reveal.done")}</Button>
      </footer>
    </>
  );
}
