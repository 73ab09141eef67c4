import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { usageOfQuery } from "@/api/queries";
import type { UsageDetail } from "@/api/types";
import { exactMoney } from "@/lib/money";
import { formatExact } from "@/lib/time";
import { CopyButton } from "@/ui/copy-button";
import { Sheet } from "@/ui/sheet";

import { ErrorNote } from "./error-note";
import { UsageArithmetic } from "./usage-arithmetic";
import { EndWord } from "./usage-words";

/** One request: how it went, and the arithmetic of its charge. */
export function UsageSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation();
  const { data, error } = useQuery(usageOfQuery(id));
  return (
    <Sheet isOpen onClose={onClose} title={t("usage.detail")} closeLabel={t("common.close")}>
      <div className="flex flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
        {error && <ErrorNote error={error} />}
        {!data && !error && <span className="skeleton block h-40" />}
        {data && (
          <>
            <div className="flex items-center justify-between gap-2">
              <code className="font-mono text-meta break-all">{data.request_id}</code>
              <CopyButton
                size="small"
                text={data.request_id}
                label={t("usage.copyId")}
                shownLabel={t("common.copy")}
                copiedLabel={t("common.copied")}
              />
            </div>
            <Facts detail={data} />
            <UsageArithmetic detail={data} />
            {data.raw_usage && (
              <details className="border-t border-line pt-4">
                <summary className="cursor-default rounded-[4px] text-head font-medium select-none">
                  {t("usage.raw")}
                </summary>
                <pre
                  tabIndex={0}
                  className="mt-2 overflow-x-auto rounded-control border border-line bg-sunken p-3 font-mono text-meta"
                >
                  {pretty(data.raw_usage)}
                </pre>
              </details>
            )}
          </>
        )}
      </div>
    </Sheet>
  );
}

/** JSON on lines of its own; anything else as it came. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function Facts({ detail }: { detail: UsageDetail }) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const ms = (value: number | null | undefined) =>
    value === null || value === undefined
      ? t("common.dash")
      : t("usage.ms", { ms: number.format(value) });
  return (
    <dl className="tabular grid grid-cols-[auto_1fr] gap-x-6 gap-y-1.5">
      <Fact label={t("usage.ended")}>
        <EndWord row={detail} />
      </Fact>
      {detail.account_name && <Fact label={t("logs.account")}>{detail.account_name}</Fact>}
      <Fact label={t("usage.token")}>
        <Link
          to="/tokens/$id"
          params={{ id: detail.token_id }}
          className="rounded-[4px] text-accent hover:underline"
        >
          {detail.token_name ?? detail.token_id}
        </Link>
      </Fact>
      <Fact label={t("usage.model")}>
        <span className="font-mono text-meta">{detail.model}</span>
      </Fact>
      {detail.channel_name && <Fact label={t("usage.channel")}>{detail.channel_name}</Fact>}
      <Fact label={t("usage.answer")}>
        {t(detail.stream ? "usage.streamedAnswer" : "usage.wholeAnswer")}
      </Fact>
      <Fact label={t("usage.startedAt")}>{formatExact(detail.started_at, i18n.language)}</Fact>
      <Fact label={t("usage.endedAt")}>{formatExact(detail.ended_at, i18n.language)}</Fact>
      <Fact label={t("usage.firstContent")}>{ms(detail.first_token_ms)}</Fact>
      <Fact label={t("usage.duration")}>{ms(detail.total_ms)}</Fact>
      <Fact label={t("usage.attempts")}>{number.format(detail.attempts)}</Fact>
      {detail.client_address && (
        <Fact label={t("usage.address")}>
          <span className="font-mono text-meta">{detail.client_address}</span>
        </Fact>
      )}
      {detail.client_agent && <Fact label={t("usage.client")}>{detail.client_agent}</Fact>}
      <Fact label={t("usage.heldFor")}>{exactMoney(detail.held)}</Fact>
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
