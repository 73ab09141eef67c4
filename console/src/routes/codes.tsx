import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { codesQuery, sessionQuery } from "@/api/queries";
import type { RedemptionCode } from "@/api/types";
import { CodeList } from "@/components/code-list";
import { CodeSheet } from "@/components/code-sheet";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { Pager } from "@/components/pager";
import { Panel } from "@/components/panel";
import { RevokeBatch, RevokeCode } from "@/components/revoke-codes";
import { CodeBatchSheet } from "@/forms/code-batch-sheet";
import { codeStates, type CodeState } from "@/lib/codes-search";
import { cx } from "@/lib/cx";
import { isOperator } from "@/lib/roles";
import { useShortcut } from "@/lib/use-shortcut";
import { Button } from "@/ui/button";
import { Select } from "@/ui/select";

const all = "all";

/** Money to hand out: codes are made, listed and ended. */
export function CodesPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/redemption-codes" });
  const navigate = useNavigate({ from: "/redemption-codes" });
  const { data: session } = useQuery(sessionQuery);
  const isAllowed = session ? isOperator(session.user.role) : null;
  const { state, batch, cursor, open } = search;
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...codesQuery({ state, batch, cursor }),
    enabled: isAllowed === true,
  });
  const [isCreating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<RedemptionCode | null>(null);
  useShortcut("c", () => isAllowed && setCreating(true));
  const show = (id: string | undefined) =>
    void navigate({ search: (before) => ({ ...before, open: id }) });
  const isFiltered = state !== undefined || batch !== undefined || cursor !== undefined;
  return (
    <>
      <PageHeader
        title={t("codes.title")}
        lead={t("codes.lead")}
        action={
          isAllowed && (
            <Button
              variant="primary"
              icon={<Plus size={16} strokeWidth={1.75} aria-hidden />}
              onClick={() => setCreating(true)}
            >
              {t("codes.create")}
            </Button>
          )
        }
      />
      <div className="mt-6 flex flex-col gap-3">
        {isAllowed === false && <p className="text-muted">{t("codes.forbidden")}</p>}
        {error && (
          <ErrorNote error={error} title={t("codes.loadFailed")} onRetry={() => void refetch()} />
        )}
        {!data && !error && isAllowed !== false && (
          <span className="skeleton block h-64 rounded-panel!" />
        )}
        {data && (isFiltered || data.items.length > 0) && (
          <Filters note={data.items.find((code) => code.batch === batch)?.note} />
        )}
        {data && data.items.length === 0 && <Empty isFiltered={isFiltered} />}
        {data && data.items.length > 0 && (
          <div className={cx("transition-opacity", isPlaceholderData && "opacity-60")}>
            <CodeList codes={data.items} onOpen={(code) => show(code.id)} onRevoke={setRevoking} />
          </div>
        )}
        {data && <Pager from="/redemption-codes" cursor={cursor} next={data.next_cursor} />}
      </div>
      {isCreating && <CodeBatchSheet onClose={() => setCreating(false)} />}
      {open && isAllowed && (
        <CodeSheet id={open} onClose={() => show(undefined)} onRevoke={setRevoking} />
      )}
      {revoking && <RevokeCode code={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}

/** By state, and the way out of a batch; `note` is what its operator calls it. */
function Filters({ note }: { note: string | undefined }) {
  const { t } = useTranslation();
  const { state, batch } = useSearch({ from: "/app/redemption-codes" });
  const navigate = useNavigate({ from: "/redemption-codes" });
  const [isRevoking, setRevoking] = useState(false);
  const states = codeStates.map((value) => ({ value, label: t(`codes.states.${value}`) }));
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <Select<CodeState | typeof all>
        label={t("codes.state")}
        value={state ?? all}
        onChange={(next) =>
          void navigate({
            search: { batch, ...(next === all ? {} : { state: next }) },
            replace: true,
          })
        }
        options={[{ value: all, label: t("codes.allStates") }, ...states]}
      />
      {batch && (
        <>
          <span className="min-w-0 break-words text-muted">
            {t("codes.ofBatch", { note: note || t("codes.noNote") })}
          </span>
          <span className="flex flex-wrap gap-2">
            <Button size="small" onClick={() => void navigate({ search: { state } })}>
              {t("codes.allBatches")}
            </Button>
            <Button size="small" onClick={() => setRevoking(true)}>
              {t("codes.revokeBatch")}
            </Button>
          </span>
        </>
      )}
      {batch && isRevoking && <RevokeBatch batch={batch} onClose={() => setRevoking(false)} />}
    </div>
  );
}

function Empty({ isFiltered }: { isFiltered: boolean }) {
  const { t } = useTranslation();
  if (isFiltered) {
    return (
      <Panel>
        <p className="text-muted">{t("codes.emptyFiltered")}</p>
      </Panel>
    );
  }
  return (
    <Panel className="px-6! py-10!">
      <h2 className="text-lead font-semibold">{t("codes.emptyTitle")}</h2>
      <p className="mt-1 text-muted">{t("codes.emptyLead")}</p>
    </Panel>
  );
}
