import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { tokensQuery } from "@/api/queries";
import { useTokenSwitch } from "@/api/token-switch";
import type { Token, TokenList } from "@/api/types";
import { DeleteToken } from "@/components/delete-token";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { Pager } from "@/components/pager";
import { TokenBulkBar } from "@/components/token-bulk-bar";
import { TokenCards, TokenCardsSkeleton } from "@/components/token-cards";
import { TokenTable, TokenTableSkeleton } from "@/components/token-table";
import { NoMatch, NoTokens } from "@/components/tokens-empty";
import { TokensToolbar } from "@/components/tokens-toolbar";
import { EditTokenSheet } from "@/forms/edit-token-sheet";
import { RotateToken } from "@/forms/rotate-token";
import { TokenSheet } from "@/forms/token-sheet";
import { cx } from "@/lib/cx";
import {
  default_sort,
  isNarrowed,
  noTokenFilters,
  toTokenQuery,
  type TokensSearch,
} from "@/lib/tokens-search";
import { useHasTable } from "@/lib/use-media";
import { useRowKeys } from "@/lib/use-row-keys";
import { useSelection } from "@/lib/use-selection";
import { useShortcut } from "@/lib/use-shortcut";
import { Button } from "@/ui/button";

export function TokensPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/tokens" });
  const [now] = useState(() => Date.now());
  const { data, error, refetch, isPlaceholderData } = useQuery(
    tokensQuery(toTokenQuery(search, now)),
  );
  const change = useSearchChange();
  const [leaving, setLeaving] = useState<Token | null>(null);
  const [rotating, setRotating] = useState<Token | null>(null);
  const add = () => change({ new: "1" });
  const closeForm = () =>
    change({ new: undefined, name: undefined, models: undefined, edit: undefined });
  useShortcut("c", add);

  const isFiltered = isNarrowed(search);
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
      {data && <LimitNote {...data.token_limit} />}
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
              onRotate={setRotating}
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
      {rotating && <RotateToken token={rotating} onClose={() => setRotating(null)} />}
      {leaving && <DeleteToken token={leaving} onClose={() => setLeaving(null)} />}
    </>
  );
}

/** Says that none can be added: a tier that became smaller deletes no token. */
function LimitNote({ used, limit }: { used: number; limit: number }) {
  const { t } = useTranslation();
  if (used < limit) return null;
  return (
    <p role="status" className="mt-4 rounded-panel bg-warn-soft px-3.5 py-3 text-head">
      {t(used > limit ? "tiers.overLimit" : "tiers.atLimit")}
    </p>
  );
}

/** What chooses other tokens, or another order of them. */
const selecting = ["search", "status", "due", "called", "sort"] as const;

type SearchChange = (change: TokensSearch) => void;

/** Changes the page's address. Another selection begins again at its first page. */
function useSearchChange(): SearchChange {
  const navigate = useNavigate({ from: "/tokens" });
  return useCallback(
    (change) => {
      const selects = selecting.some((key) => key in change);
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
  onRotate: (token: Token) => void;
  onDelete: (token: Token) => void;
}

const none: Token[] = [];

function Tokens({ data, search, isFailed, onChange, onRotate, onDelete }: TokensProps) {
  const { t, i18n } = useTranslation();
  const hasTable = useHasTable();
  const onSwitch = useTokenSwitch();
  const tokens = data?.items ?? none;
  const selection = useSelection(useMemo(() => tokens.map((token) => token.id), [tokens]));
  useRowKeys({ onSelect: selection.toggle, onEdit: (id) => onChange({ edit: id }) });
  const sort = search.sort ?? default_sort;
  if (data === undefined) {
    if (isFailed) return null;
    return hasTable ? <TokenTableSkeleton sort={sort} /> : <TokenCardsSkeleton />;
  }
  if (tokens.length === 0) {
    return <NoMatch onClear={() => onChange(noTokenFilters)} />;
  }
  const onEdit = (token: Token) => onChange({ edit: token.id });
  const actions = { onSwitch, onEdit, onRotate, onDelete };
  const count = new Intl.NumberFormat(i18n.language).format(data.total) as never;
  return (
    <>
      {hasTable ? (
        <TokenTable
          tokens={tokens}
          selection={selection}
          sort={sort}
          onSort={(next) => onChange({ sort: next })}
          {...actions}
        />
      ) : (
        <TokenCards tokens={tokens} selection={selection} {...actions} />
      )}
      <Pager from="/tokens" cursor={search.cursor} next={data.next_cursor}>
        {t(data.total === 1 ? "tokens.countOne" : "tokens.countOther", { count })}
      </Pager>
      <TokenBulkBar
        tokens={tokens.filter((token) => selection.ids.includes(token.id))}
        onClear={selection.clear}
      />
    </>
  );
}
