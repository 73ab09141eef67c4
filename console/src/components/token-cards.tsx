import { useTranslation } from "react-i18next";

import type { Token } from "@/api/types";
import { cx } from "@/lib/cx";
import type { Selection } from "@/lib/use-selection";
import { Checkbox } from "@/ui/checkbox";

import {
  CreatedCell,
  ExpirationCell,
  LastUsedCell,
  NameCell,
  RemainingCell,
  StatusCell,
  UsedCell,
} from "./token-cells";
import { TokenMenu } from "./token-menu";
import type { TokenActions } from "./token-table";

interface TokenCardsProps extends TokenActions {
  tokens: Token[];
  selection: Selection;
}

/** The same facts as the table's, one token below the other, for a phone. */
export function TokenCards({
  tokens,
  selection,
  onSwitch,
  onEdit,
  onRotate,
  onDelete,
}: TokenCardsProps) {
  const { t } = useTranslation();
  return (
    <ul
      aria-label={t("tokens.table")}
      className="overflow-hidden rounded-panel border border-line-strong bg-surface"
    >
      {tokens.map((token) => (
        <li
          key={token.id}
          data-row={token.id}
          className={cx(
            "flex flex-col gap-3 border-t border-line p-4 first:border-t-0",
            selection.has(token.id) && "bg-accent-soft",
          )}
        >
          <div className="flex items-start gap-2">
            <span className="-ml-1 flex h-5 items-center">
              <Checkbox
                isChecked={selection.has(token.id)}
                onChange={() => selection.toggle(token.id)}
                label={t("tokens.select", { name: token.name })}
              />
            </span>
            <div className="min-w-0 flex-1">
              <NameCell token={token} />
            </div>
            <TokenMenu
              token={token}
              onEdit={() => onEdit(token)}
              onRotate={() => onRotate(token)}
              onDelete={() => onDelete(token)}
            />
          </div>
          <StatusCell token={token} onSwitch={(isOn) => onSwitch(token, isOn)} />
          <dl className="grid grid-cols-2 gap-x-4 gap-y-3">
            <Fact label={t("tokens.columns.usedQuota")}>
              <UsedCell token={token} />
            </Fact>
            <Fact label={t("tokens.columns.remainingQuota")}>
              <RemainingCell token={token} />
            </Fact>
            <Fact label={t("tokens.columns.createdTime")}>
              <CreatedCell token={token} />
            </Fact>
            <Fact label={t("tokens.columns.expirationTime")}>
              <ExpirationCell token={token} />
            </Fact>
            <Fact label={t("tokens.columns.lastUsed")}>
              <LastUsedCell token={token} />
            </Fact>
          </dl>
        </li>
      ))}
    </ul>
  );
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="flex min-w-0 flex-col gap-0.5">
      <dt className="text-meta text-muted">{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function TokenCardsSkeleton() {
  return (
    <div className="overflow-hidden rounded-panel border border-line-strong bg-surface">
      {[0, 1, 2].map((row) => (
        <div
          key={row}
          className="flex h-[248px] flex-col gap-3 border-t border-line p-4 first:border-t-0"
        >
          <span className="skeleton h-4 w-1/2" />
          <span className="skeleton h-3 w-1/3" />
          <span className="skeleton h-4 w-2/3" />
        </div>
      ))}
    </div>
  );
}
