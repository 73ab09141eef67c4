import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ChevronLeft, Pencil, RotateCw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { tokenDetailQuery, usageQuery } from "@/api/queries";
import { useTokenSwitch } from "@/api/token-switch";
import type { TokenDetail } from "@/api/types";
import { DeleteToken } from "@/components/delete-token";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { Section } from "@/components/panel";
import { TokenAdvice } from "@/components/token-advice";
import { StatusCell } from "@/components/token-cells";
import { TokenFigures, TokenLimits } from "@/components/token-facts";
import { TokenMenu } from "@/components/token-menu";
import { TokenClients, TokenHistory } from "@/components/token-traces";
import { TokenUsage } from "@/components/token-usage";
import { UsageList } from "@/components/usage-list";
import { UsageSheet } from "@/components/usage-sheet";
import { RotateToken } from "@/forms/rotate-token";
import { TokenSheet } from "@/forms/token-sheet";
import { useHasTable } from "@/lib/use-media";
import { useShortcut } from "@/lib/use-shortcut";
import { Button } from "@/ui/button";

const recent_calls = 10;

type Doing = "edit" | "rotate" | "delete" | null;

/** What lies behind one token, and everything that can be done with it. */
export function TokenPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: "/app/tokens/$id" });
  const { data, error, refetch } = useQuery(tokenDetailQuery(id));
  const navigate = useNavigate();
  const [doing, setDoing] = useState<Doing>(null);
  const close = () => setDoing(null);
  useShortcut("e", () => data && setDoing("edit"));
  return (
    <>
      <Link
        to="/tokens"
        className="mb-2 -ml-1 inline-flex h-6 items-center gap-1 rounded-[4px] pr-1 text-head text-muted transition-colors hover:text-ink"
      >
        <ChevronLeft size={14} strokeWidth={1.75} aria-hidden />
        {t("tokens.title")}
      </Link>
      <PageHeader
        title={data?.token.name ?? t("token.title")}
        lead={
          data ? (
            <span className="font-mono text-meta">{data.token.hint}</span>
          ) : (
            <span className="skeleton h-4 w-40" />
          )
        }
        action={data && <Actions detail={data} onDo={setDoing} />}
      />
      <div className="mt-6 flex flex-col gap-8">
        {error && (
          <ErrorNote error={error} title={t("token.loadFailed")} onRetry={() => void refetch()} />
        )}
        {data && (
          <>
            <TokenAdvice
              detail={data}
              onEdit={() => setDoing("edit")}
              onRotate={() => setDoing("rotate")}
              onDelete={() => setDoing("delete")}
            />
            <TokenFigures detail={data} />
            <Usage id={id} />
            <TokenLimits detail={data} />
            <Calls id={id} />
            <TokenClients detail={data} />
            <TokenHistory detail={data} />
          </>
        )}
      </div>
      {data && doing === "edit" && <TokenSheet token={data.token} onClose={close} />}
      {data && doing === "rotate" && <RotateToken token={data.token} onClose={close} />}
      {data && doing === "delete" && (
        <DeleteToken
          token={data.token}
          onClose={close}
          onDeleted={() => void navigate({ to: "/tokens", replace: true })}
        />
      )}
    </>
  );
}

function Actions({ detail, onDo }: { detail: TokenDetail; onDo: (what: Doing) => void }) {
  const { t } = useTranslation();
  const onSwitch = useTokenSwitch();
  const hasRoom = useHasTable();
  const { token } = detail;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <div className="mr-2">
        <StatusCell token={token} onSwitch={(isOn) => onSwitch(token, isOn)} />
      </div>
      <Button
        icon={<Pencil size={14} strokeWidth={1.75} aria-hidden />}
        onClick={() => onDo("edit")}
      >
        {t("tokens.edit")}
      </Button>
      {hasRoom && (
        <Button
          icon={<RotateCw size={14} strokeWidth={1.75} aria-hidden />}
          onClick={() => onDo("rotate")}
        >
          {t("tokens.rotate")}
        </Button>
      )}
      <TokenMenu
        token={token}
        isOnItsPage
        onEdit={() => onDo("edit")}
        onRotate={() => onDo("rotate")}
        onDelete={() => onDo("delete")}
      />
    </div>
  );
}

function Usage({ id }: { id: string }) {
  const { days = "30" } = useSearch({ from: "/app/tokens/$id" });
  const navigate = useNavigate({ from: "/tokens/$id" });
  return (
    <TokenUsage
      id={id}
      span={days}
      onSpan={(next) =>
        void navigate({ search: (before) => ({ ...before, days: next }), replace: true })
      }
    />
  );
}

function Calls({ id }: { id: string }) {
  const { t } = useTranslation();
  const { data: calls } = useQuery(usageQuery({ token: id, limit: recent_calls }));
  const [open, setOpen] = useState<string | null>(null);
  return (
    <Section
      title={t("token.recent")}
      aside={
        <Link to="/usage" search={{ token: id }} className="text-head text-accent hover:underline">
          {t("token.allCalls")}
        </Link>
      }
    >
      {calls && calls.items.length > 0 && (
        <UsageList rows={calls.items} isOfOneToken onOpen={(row) => setOpen(row.request_id)} />
      )}
      {calls && calls.items.length === 0 && <p className="text-muted">{t("token.noCalls")}</p>}
      {open && <UsageSheet id={open} onClose={() => setOpen(null)} />}
    </Section>
  );
}
