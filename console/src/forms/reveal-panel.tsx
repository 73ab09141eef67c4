import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { instanceQuery, modelsQuery } from "@/api/queries";
import type { CreatedToken } from "@/api/types";
import { matchingModels } from "@/lib/patterns";
import { any_model } from "@/lib/snippets";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { CopyButton } from "@/ui/copy-button";
import { Sheet } from "@/ui/sheet";

import { RevealSetups } from "./reveal-setups";

const copy_keys = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘C" : "Ctrl+C";

interface RevealPanelProps {
  created: CreatedToken;
  /** The token was there before; only its secret is new. */
  isRotated?: boolean;
  onClose: () => void;
}

/** The only sight of a token's secret, and what to do with it. */
export function RevealPanel({ created, isRotated = false, onClose }: RevealPanelProps) {
  const { t } = useTranslation();
  const { token, secret } = created;
  const [isCopied, setCopied] = useState(false);
  const [isLeaving, setLeaving] = useState(false);
  const leave = () => (isCopied ? onClose() : setLeaving(true));
  const { data: instance } = useQuery(instanceQuery);
  const { data: models } = useQuery(modelsQuery);
  const available = (models?.items ?? [])
    .filter((model) => model.available)
    .map((model) => model.id);
  const model = matchingModels(token.models, available)[0] ?? any_model;
  const origin = instance?.public_url || window.location.origin;

  useCopyOf(secret, () => setCopied(true));

  return (
    <Sheet
      isOpen
      onClose={leave}
      title={t(isRotated ? "reveal.rotatedTitle" : "reveal.title")}
      closeLabel={t("common.close")}
    >
      <div className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
        <p className="font-medium break-words">{t("reveal.name", { name: token.name })}</p>
        <div className="flex flex-col gap-2">
          <h3 className="text-head font-medium">{t("reveal.value")}</h3>
          <output
            data-testid="token-secret"
            className="rounded-control border border-line-strong bg-sunken px-3 py-2.5 font-mono break-all select-all"
          >
            {secret}
          </output>
          <p className="text-head text-warn">{t("reveal.once")}</p>
          <div className="flex flex-wrap items-center gap-2">
            <CopyButton
              variant="primary"
              text={secret}
              label={t("reveal.copyToken")}
              shownLabel={t("reveal.copyToken")}
              copiedLabel={t("common.copied")}
              onCopied={() => setCopied(true)}
            />
            <TokenTest secret={secret} />
            <span className="text-head text-muted">
              {t("reveal.copyHint", { keys: copy_keys })}
            </span>
          </div>
        </div>
        <RevealSetups input={{ origin, secret, model }} onCopied={() => setCopied(true)} />
      </div>
      <footer className="flex shrink-0 justify-end border-t border-line px-5 py-3">
        <Button onClick={leave}>{t("reveal.done")}</Button>
      </footer>
      <Confirm
        isOpen={isLeaving}
        onCancel={() => setLeaving(false)}
        onConfirm={onClose}
        title={t("reveal.leaveTitle")}
        description={t(isRotated ? "reveal.leaveRotated" : "reveal.leaveLead")}
        confirmLabel={t("reveal.leaveConfirm")}
        cancelLabel={t("reveal.leaveStay")}
        tone="primary"
      />
    </Sheet>
  );
}

/** The keys for copying copy the secret, unless something else is selected. */
function useCopyOf(secret: string, onCopied: () => void) {
  useEffect(() => {
    const copy = (event: ClipboardEvent) => {
      if (!(window.getSelection()?.isCollapsed ?? true)) return;
      event.clipboardData?.setData("text/plain", secret);
      event.preventDefault();
      onCopied();
    };
    document.addEventListener("copy", copy);
    return () => document.removeEventListener("copy", copy);
  });
}

/** One free call with the new token: is it accepted, and how many models does it see? */
function TokenTest({ secret }: { secret: string }) {
  const { t } = useTranslation();
  const test = useMutation({ mutationFn: () => listModels(secret) });
  const told = test.data;
  return (
    <>
      <Button onClick={() => test.mutate()} isBusy={test.isPending}>
        {test.isPending ? t("reveal.testing") : t("reveal.test")}
      </Button>
      <span role="status" className="text-head text-muted">
        {test.isError && t("reveal.testUnreachable")}
        {told?.kind === "works" && t("reveal.testOk", { models: told.models, ms: told.ms })}
        {told?.kind === "refused" && t("reveal.testFailed", { message: told.message })}
      </span>
    </>
  );
}

type TestOutcome =
  | { kind: "works"; models: number; ms: number }
  | { kind: "refused"; message: string };

async function listModels(secret: string): Promise<TestOutcome> {
  const before = performance.now();
  const response = await fetch("/v1/models", { headers: { authorization: `Bearer ${secret}` } });
  const body = (await response.json()) as { data?: unknown[]; error?: { message: string } };
  if (!response.ok)
    return { kind: "refused", message: body.error?.message ?? String(response.status) };
  return {
    kind: "works",
    models: body.data?.length ?? 0,
    ms: Math.round(performance.now() - before),
  };
}
