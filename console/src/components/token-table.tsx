import { useTranslation } from "react-i18next";

import type { Token } from "@/api/types";
import { cx } from "@/lib/cx";
import type { TokenSort } from "@/lib/tokens-search";
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
import {
  cell,
  chooseCell,
  columns,
  hiddenUnlessWide,
  pinned,
  TokenTableFrame,
} from "./token-table-frame";

export interface TokenActions {
  onSwitch: (token: Token, isOn: boolean) => void;
  onEdit: (token: Token) => void;
  onRotate: (token: Token) => void;
  onDelete: (token: Token) => void;
}

interface TokenTableProps extends TokenActions {
  tokens: Token[];
  selection: Selection;
  sort: TokenSort;
  onSort: (sort: TokenSort) => void;
}

export function TokenTable({ tokens, selection, sort, onSort, ...actions }: TokenTableProps) {
  return (
    <TokenTableFrame sort={sort} onSort={onSort} selection={selection}>
      {tokens.map((token) => (
        <Row
          key={token.id}
          token={token}
          isChosen={selection.has(token.id)}
          onChoose={() => selection.toggle(token.id)}
          {...actions}
        />
      ))}
    </TokenTableFrame>
  );
}

interface RowProps extends TokenActions {
  token: Token;
  isChosen: boolean;
  onChoose: () => void;
}

function Row({ token, isChosen, onChoose, onSwitch, onEdit, onRotate, onDelete }: RowProps) {
  const { t } = useTranslation();
  return (
    <tr
      data-row={token.id}
      className={cx(
        "transition-colors",
        isChosen ? "bg-accent-soft" : "bg-surface focus-within:bg-sunken hover:bg-sunken",
      )}
    >
      <td className={cx(cell, chooseCell)}>
        <Checkbox
          isChecked={isChosen}
          onChange={onChoose}
          label={t("tokens.select", { name: token.name })}
        />
      </td>
      <th scope="row" className={cx(cell, "text-left font-normal")}>
        <NameCell token={token} />
      </th>
      <td className={cell}>
        <StatusCell token={token} onSwitch={(isOn) => onSwitch(token, isOn)} />
      </td>
      <td className={cell}>
        <UsedCell token={token} />
      </td>
      <td className={cell}>
        <RemainingCell token={token} />
      </td>
      <td className={cx(cell, hiddenUnlessWide)}>
        <LastUsedCell token={token} />
      </td>
      <td className={cell}>
        <CreatedCell token={token} />
      </td>
      <td className={cell}>
        <ExpirationCell token={token} />
      </td>
      <td className={cx(cell, pinned, "px-2")}>
        <TokenMenu
          token={token}
          onEdit={() => onEdit(token)}
          onRotate={() => onRotate(token)}
          onDelete={() => onDelete(token)}
        />
      </td>
    </tr>
  );
}

const skeleton_rows = 4;

/** Rows of the real height, in the real columns: nothing moves when the tokens come. */
export function TokenTableSkeleton({ sort }: { sort: TokenSort }) {
  return (
    <TokenTableFrame sort={sort}>
      {Array.from({ length: skeleton_rows }, (_, row) => (
        <tr key={row} className="bg-surface">
          <td className={cx(cell, chooseCell)} />
          {columns.map((column) => (
            <td key={column.id} className={cx(cell, column.isWideOnly && hiddenUnlessWide)}>
              <span className="skeleton block h-3.5 w-2/3" />
            </td>
          ))}
          <td className={cx(cell, pinned)} />
        </tr>
      ))}
    </TokenTableFrame>
  );
}
