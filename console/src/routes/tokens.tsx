import { useQuery } from "@tanstack/react-query";
import { useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { tokensQuery } from "@/api/queries";
import { useTokenSwitch } from "@/api/token-switch";
import type { Token, TokenList } from "@/api/types";
import { DeleteToken } from "@/components/delete-token";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { TokenCards } from "@/components/token-cards";
import { TokenTable, TokenTableSkeleton } from "@/components/token-table";
import { NoMatch, NoTokens } from "@/components/tokens-empty";
import { TokensToolbar } from "@/components/tokens-toolbar";
import { EditTokenSheet, TokenSheet } from "@/forms/token-sheet";
import { cx } from "@/lib/cx";
import { default_sort, toTokenQuery, type TokensSearch } from "@/lib/tokens-search";
import { useHasTable } from "@/lib/use-media";
import { useShortcut } from "@/lib/use-shortcut";
import { Button } from "@/ui/button";

export function TokensPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/tokens" });
  const { data, error, refetch, isPlaceholderData } = useQuery(tokensQuery(toTokenQuery(search)));
  const change = useSearchChange();
  const [leaving, setLeaving] = useState<Token | null>(null);
  const add = () => change({ new: "1" });
  const closeForm = () =>
    change({ new: undefined, name: undefined, models: undefined, edit: undefined });
  useShortcut("c", add);

  const isFiltered = Boolean(search.search || search.status);
  const isFirstRun = data?.total === 0 && !isFiltered;
  return (
    <>
      <PageHeader
        title={t("tokens.title")}
        lead={data ? t("tokens.limit", data.token_limit) : <span className="skeleton h-4 w-40" />}
        action={
          <Button
            variant="primary"
            icon={<Plus size={16} strokeWidth={1.75} aria-hidden />}
            onClick={add}
          >
            {t("tokens.add")}
          </Button>
        }
      />
      {isFirstRun ? (
        <div className="mt-6">
          <NoTokens onAdd={add} />
        </div>
      ) : (
        <>
          <TokensToolbar search={search} sort={search.sort ?? default_sort} onChange={change} />
          {error && (
            <div className="mb-3">
              <ErrorNote
                error={error}
                title={t("tokens.loadFailed")}
                onRetry={() => void refetch()}
              />
            </div>
          )}
          <div className={cx("transition-opacity", isPlaceholderData && "opacity-60")}>
            <Tokens
              data={data}
              search={search}
              isFailed={error !== null}
              onChange={change}
              onDelete={setLeaving}
            />
          </div>
        </>
      )}
      {search.new === "1" && (
        <TokenSheet
          token={null}
          name={search.name}
          models={search.models?.split(",").filter(Boolean)}
          onClose={closeForm}
        />
      )}
      {search.edit && (
        <EditTokenSheet
          key={search.edit}
          id={search.edit}
          known={data?.items.find((token) => token.id === search.edit)}
          onClose={closeForm}
        />
      )}
      {leaving && <DeleteToken token={leaving} onClose={() => setLeaving(null)} />}
    </>
  );
}

type SearchChange = (change: TokensSearch) => void;

/** Changes the page's address. Another selection begins again at its first page. */
function useSearchChange(): SearchChange {
  const navigate = useNavigate({ from: "/tokens" });
  return useCallback(
    (change) => {
      const selects = "search" in change || "status" in change || "sort" in change;
      void navigate({
        search: (before) => ({ ...before, ...(selects ? { cursor: undefined } : {}), ...change }),
        replace: true,
      });
    },
    [navigate],
  );
}

interface TokensProps {
  data: TokenList | undefined;
  search: TokensSearch;
  isFailed: boolean;
  onChange: SearchChange;
  onDelete: (token: Token) => void;
}

function Tokens({ data, search, isFailed, onChange, onDelete }: TokensProps) {
  const hasTable = useHasTable();
  const onSwitch = useTokenSwitch();
  const sort = search.sort ?? default_sort;
  if (data === undefined) return isFailed ? null : <TokenTableSkeleton sort={sort} />;
  if (data.items.length === 0) {
    return <NoMatch onClear={() => onChange({ search: undefined, status: undefined })} />;
  }
  const actions = { onSwitch, onDelete, onEdit: (token: Token) => onChange({ edit: token.id }) };
  return (
    <>
      {hasTable ? (
        <TokenTable
          tokens={data.items}
          sort={sort}
          onSort={(next) => onChange({ sort: next })}
          {...actions}
        />
      ) : (
        <TokenCards tokens={data.items} {...actions} />
      )}
      <Pages data={data} search={search} />
    </>
  );
}

/** Pages are walked one by one: each knows only where the next one starts. */
function Pages({ data, search }: { data: TokenList; search: TokensSearch }) {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate({ from: "/tokens" });
  const count = new Intl.NumberFormat(i18n.language).format(data.total);
  const next = data.next_cursor;
  // A page that was reached by a link has none before it in the history; its way back is the start.
  const isFollowing = useRouterState({ select: (state) => state.location.state.isFollowingPage });
  const back = () =>
    isFollowing
      ? window.history.back()
      : void navigate({ search: (before) => ({ ...before, cursor: undefined }) });
  return (
    <div className="mt-3 flex items-center justify-between gap-3 text-head text-muted">
      <span className="tabular">
        {t(data.total === 1 ? "tokens.countOne" : "tokens.countOther", { count: count as never })}
      </span>
      <span className="flex gap-2">
        {search.cursor && (
          <Button size="small" onClick={back}>
            {t("tokens.previous")}
          </Button>
        )}
        {next && (
          <Button
            size="small"
            onClick={() =>
              void navigate({
                search: (before) => ({ ...before, cursor: next }),
                state: { isFollowingPage: true },
              })
            }
          >
            {t("tokens.next")}
          </Button>
        )}
      </span>
    </div>
  );
}
