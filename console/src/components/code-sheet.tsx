import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { codeQuery } from "@/api/queries";
import type { CodeUse, RedemptionCode } from "@/api/types";
import { exactMoney, formatMoney } from "@/lib/money";
import { formatExact, formatRelative } from "@/lib/time";
import { Button } from "@/ui/button";
import { Sheet } from "@/ui/sheet";

import { StateWord } from "./code-list";
import { ErrorNote } from "./error-note";

interface CodeSheetProps {
  id: string;
  onClose: () => void;
  onRevoke: (code: RedemptionCode) => void;
}

/** One redemption code: its terms, and who redeemed it when. */
export function CodeSheet({ id, onClose, onRevoke }: CodeSheetProps) {
  const { t } = useTranslation();
  const { data, error, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery(
    codeQuery(id),
  );
  const code = data?.pages[0]?.code;
  const uses = data?.pages.flatMap((page) => page.redemptions) ?? [];
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={code ? t("codes.detailOf", { hint: code.hint }) : t("codes.code")}
      closeLabel={t("common.close")}
    >
      <div className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
        {error && <ErrorNote error={error} />}
        {!data && !error && <span className="skeleton block h-40" />}
        {code && (
          <>
            <Facts code={code} />
            <section className="flex flex-col gap-2 border-t border-line pt-4">
              <h3 className="text-head font-medium">{t("codes.uses")}</h3>
              {uses.length === 0 && <p className="text-muted">{t("codes.usesEmpty")}</p>}
              {uses.length > 0 && <Uses uses={uses} />}
              {hasNextPage && (
                <Button
                  size="small"
                  className="self-start"
                  isBusy={isFetchingNextPage}
                  onClick={() => void fetchNextPage()}
                >
                  {t("codes.moreUses")}
                </Button>
              )}
            </section>
          </>
        )}
      </div>
      {code && (code.state === "open" || code.state === "expired") && (
        <footer className="flex shrink-0 justify-end border-t border-line px-5 py-3">
          <Button variant="danger" onClick={() => onRevoke(code)}>
            {t("codes.revoke")}
          </Button>
        </footer>
      )}
    </Sheet>
  );
}

function Facts({ code }: { code: RedemptionCode }) {
  const { t, i18n } = useTranslation();
  const when = (time: string) => formatExact(time, i18n.language);
  return (
    <dl className="tabular grid grid-cols-[auto_1fr] gap-x-6 gap-y-1.5">
      <Fact label={t("codes.state")}>
        <StateWord state={code.state} />
      </Fact>
      <Fact label={t("codes.amount")}>
        <span title={exactMoney(code.amount)}>{formatMoney(code.amount)}</span>
      </Fact>
      <Fact label={t("codes.redeemed")}>
        {t("codes.redeemedOf", { used: code.used, uses: code.uses })}
      </Fact>
      <Fact label={t("codes.perAccount")}>
        {t(code.once_per_account ? "codes.once" : "codes.again")}
      </Fact>
      <Fact label={t("codes.expires")}>
        {code.expires_at ? when(code.expires_at) : t("codes.never")}
      </Fact>
      <Fact label={t("codes.batch")}>{code.note || t("codes.noNote")}</Fact>
      <Fact label={t("codes.created")}>{when(code.created_at)}</Fact>
      <Fact label={t("codes.createdBy")}>{code.created_by}</Fact>
      {code.revoked_at && (
        <Fact label={t("codes.revokedAt")}>
          {t("codes.revokedBy", { when: when(code.revoked_at), who: code.revoked_by })}
        </Fact>
      )}
    </dl>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

function Uses({ uses }: { uses: CodeUse[] }) {
  const { t, i18n } = useTranslation();
  return (
    <ul
      aria-label={t("codes.uses")}
      className="tabular rounded-panel border border-line-strong bg-surface"
    >
      {uses.map((use) => (
        <li
          key={use.id}
          className="flex items-baseline justify-between gap-3 border-t border-line px-3.5 py-2 first:border-t-0"
        >
          <span className="min-w-0">
            <span className="block break-words">{use.email}</span>
            <span className="block font-mono text-meta break-all text-muted">{use.id}</span>
          </span>
          <span className="shrink-0 text-right">
            <span className="block">{formatMoney(use.amount)}</span>
            <span
              className="block text-head text-muted"
              title={formatExact(use.created_at, i18n.language)}
            >
              {formatRelative(use.created_at, i18n.language)}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}
