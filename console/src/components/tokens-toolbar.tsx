import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { statuses, type TokenSort, type TokensSearch } from "@/lib/tokens-search";
import { useDebounced } from "@/lib/use-debounced";
import { useHasTable } from "@/lib/use-media";
import { useShortcut } from "@/lib/use-shortcut";
import { Input } from "@/ui/input";
import { Kbd } from "@/ui/kbd";
import { Select } from "@/ui/select";

const typing_pause_ms = 150;

const sortTexts = {
  "-created_at": "tokens.sortNewest",
  created_at: "tokens.sortOldest",
  name: "tokens.sortName",
  "-name": "tokens.sortNameDown",
  "-used_quota": "tokens.sortUsed",
  used_quota: "tokens.sortUsedUp",
  expires_at: "tokens.sortExpiry",
} as const satisfies Record<TokenSort, string>;

interface TokensToolbarProps {
  search: TokensSearch;
  sort: TokenSort;
  onChange: (change: Pick<TokensSearch, "search" | "status" | "sort">) => void;
}

/** Search, filter and, where there are no column heads, the order. All of it lives in the address. */
export function TokensToolbar({ search, sort, onChange }: TokensToolbarProps) {
  const { t } = useTranslation();
  const hasTable = useHasTable();
  const field = useRef<HTMLInputElement>(null);
  useShortcut("/", () => field.current?.focus());
  const [typed, setTyped] = useState(search.search ?? "");
  const settled = useDebounced(typed, typing_pause_ms);
  const reported = useRef(search.search ?? "");
  useEffect(() => {
    if (settled === reported.current) return;
    reported.current = settled;
    onChange({ search: settled || undefined });
  }, [settled, onChange]);
  // The address changed by itself: "Clear filters", or a step back.
  useEffect(() => {
    const inAddress = search.search ?? "";
    if (inAddress === reported.current) return;
    reported.current = inAddress;
    setTyped(inAddress);
  }, [search.search]);

  return (
    <div role="search" className="mt-6 mb-3 flex flex-wrap items-center gap-2">
      <Input
        ref={field}
        type="search"
        aria-label={t("tokens.search")}
        placeholder={t("tokens.searchPlaceholder")}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        lead={<Search size={16} strokeWidth={1.75} aria-hidden />}
        trail={hasTable && <Kbd>/</Kbd>}
        className="w-full table:w-72"
      />
      <Select
        label={t("tokens.filterStatus")}
        value={search.status ?? "all"}
        onChange={(status) => onChange({ status: status === "all" ? undefined : status })}
        options={[
          { value: "all" as const, label: t("tokens.all") },
          ...statuses.map((value) => ({ value, label: t(`tokens.status.${value}`) })),
        ]}
      />
      {!hasTable && (
        <Select
          label={t("tokens.sort")}
          value={sort}
          onChange={(next) => onChange({ sort: next })}
          options={Object.entries(sortTexts).map(([value, key]) => ({
            value: value as TokenSort,
            label: t(key),
          }))}
        />
      )}
    </div>
  );
}
