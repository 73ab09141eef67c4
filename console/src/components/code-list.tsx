import { Link } from "@tanstack/react-router";
import { Ban, Ellipsis, Eye } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { RedemptionCode } from "@/api/types";
import { cx } from "@/lib/cx";
import { exactMoney, formatMoney } from "@/lib/money";
import { formatDate, formatExact, formatRelative, nearness } from "@/lib/time";
import { useHasTable } from "@/lib/use-media";
import { IconButton } from "@/ui/button";
import { Menu, MenuItem } from "@/ui/menu";

interface CodeListProps {
  codes: RedemptionCode[];
  onRevoke: (code: RedemptionCode) => void;
  onOpen: (code: RedemptionCode) => void;
}

/** Redemption codes by their ends, newest first: a table, and on a phone cards. */
export function CodeList(props: CodeListProps) {
  return useHasTable() ? <CodeTable {...props} /> : <CodeCards {...props} />;
}

const cell = "border-b border-line px-3 py-2 align-top first:pl-4 last:pr-2";
const head =
  "h-9 border-b border-line-strong px-3 text-left text-head font-medium whitespace-nowrap text-muted first:pl-4 last:pr-2";

function CodeTable({ codes, ...actions }: CodeListProps) {
  const { t, i18n } = useTranslation();
  return (
    <div
      role="region"
      tabIndex={0}
      aria-label={t("codes.list")}
      className="overflow-x-auto rounded-panel border border-line-strong bg-surface"
    >
      <table className="tabular w-full border-separate border-spacing-0 [&_tbody_tr:last-child>*]:border-b-0">
        <thead>
          <tr>
            <th scope="col" className={head}>
              {t("codes.code")}
            </th>
            <th scope="col" className={head}>
              {t("codes.state")}
            </th>
            <th scope="col" className={cx(head, "text-right")}>
              {t("codes.amount")}
            </th>
            <th scope="col" className={cx(head, "text-right")}>
              {t("codes.redeemed")}
            </th>
            <th scope="col" className={head}>
              {t("codes.expires")}
            </th>
            <th scope="col" className={head}>
              {t("codes.batch")}
            </th>
            <td className={head} />
          </tr>
        </thead>
        <tbody>
          {codes.map((code) => (
            <tr key={code.id}>
              <td className={cx(cell, "whitespace-nowrap")}>
                <Hint code={code} />
              </td>
              <td className={cx(cell, "whitespace-nowrap")}>
                <StateWord state={code.state} />
              </td>
              <td className={cx(cell, "text-right")} title={exactMoney(code.amount)}>
                {formatMoney(code.amount)}
              </td>
              <td className={cx(cell, "text-right whitespace-nowrap")}>
                <Redeemed code={code} />
              </td>
              <td className={cx(cell, "whitespace-nowrap")}>
                <Expires code={code} />
              </td>
              <td className={cell}>
                <BatchLink code={code} />
                <span className="block text-meta text-muted">
                  {formatDate(code.created_at, i18n.language)}
                </span>
              </td>
              <td className={cx(cell, "py-1 text-right")}>
                <CodeMenu code={code} {...actions} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CodeCards({ codes, ...actions }: CodeListProps) {
  const { t } = useTranslation();
  return (
    <ul
      aria-label={t("codes.list")}
      className="tabular overflow-hidden rounded-panel border border-line-strong bg-surface"
    >
      {codes.map((code) => (
        <li
          key={code.id}
          className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3 gap-y-1 border-t border-line py-3 pr-2 pl-4 first:border-t-0"
        >
          <span className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
            <Hint code={code} />
            <span className="font-medium" title={exactMoney(code.amount)}>
              {formatMoney(code.amount)}
            </span>
          </span>
          <CodeMenu code={code} {...actions} />
          <span className="flex flex-wrap items-baseline gap-x-4">
            <StateWord state={code.state} />
            <Redeemed code={code} />
          </span>
          <span className="col-span-2 flex flex-wrap items-baseline justify-between gap-x-4 text-head text-muted">
            <BatchLink code={code} />
            <span>
              {t("codes.expires")}: <Expires code={code} />
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The code's ends lead to its details. */
function Hint({ code }: { code: RedemptionCode }) {
  return (
    <Link
      to="/redemption-codes"
      search={(before) => ({ ...before, open: code.id })}
      className="rounded-[4px] font-mono text-head hover:text-accent"
    >
      {code.hint}
    </Link>
  );
}

const stateLook = {
  open: { dot: "bg-ok", word: "text-ink" },
  used_up: { dot: "bg-control-line", word: "text-muted" },
  revoked: { dot: "bg-bad", word: "text-bad" },
  expired: { dot: "bg-warn", word: "text-warn" },
} as const;

export function StateWord({ state }: { state: RedemptionCode["state"] }) {
  const { t } = useTranslation();
  const look = stateLook[state];
  return (
    <span className={look.word}>
      <span
        aria-hidden
        className={cx("mr-1.5 inline-block size-1.5 rounded-full align-middle", look.dot)}
      />
      {t(`codes.states.${state}`)}
    </span>
  );
}

function Redeemed({ code }: { code: RedemptionCode }) {
  const { t } = useTranslation();
  return <span>{t("codes.redeemedOf", { used: code.used, uses: code.uses })}</span>;
}

function Expires({ code }: { code: RedemptionCode }) {
  const { t, i18n } = useTranslation();
  if (!code.expires_at) return <span className="text-muted">{t("codes.never")}</span>;
  const isSoon = code.state === "open" && nearness(code.expires_at) === "soon";
  return (
    <span className={cx(isSoon && "text-warn")} title={formatExact(code.expires_at, i18n.language)}>
      {formatRelative(code.expires_at, i18n.language)}
    </span>
  );
}

/** Narrows the list to the codes that were made together. */
function BatchLink({ code }: { code: RedemptionCode }) {
  const { t } = useTranslation();
  return (
    <Link
      to="/redemption-codes"
      search={{ batch: code.batch }}
      title={t("codes.onlyBatch")}
      className="rounded-[4px] break-words text-accent hover:underline"
    >
      {code.note || t("codes.noNote")}
    </Link>
  );
}

function CodeMenu({ code, onOpen, onRevoke }: Omit<CodeListProps, "codes"> & CodeProps) {
  const { t } = useTranslation();
  return (
    <Menu
      trigger={
        <IconButton
          size="small"
          label={t("codes.menu", { hint: code.hint })}
          icon={<Ellipsis size={16} strokeWidth={1.75} aria-hidden />}
        />
      }
    >
      <MenuItem
        onSelect={() => onOpen(code)}
        icon={<Eye size={16} strokeWidth={1.75} aria-hidden className="text-muted" />}
      >
        {t("codes.open")}
      </MenuItem>
      {(code.state === "open" || code.state === "expired") && (
        <MenuItem
          tone="danger"
          onSelect={() => onRevoke(code)}
          icon={<Ban size={16} strokeWidth={1.75} aria-hidden />}
        >
          {t("codes.revoke")}
        </MenuItem>
      )}
    </Menu>
  );
}

interface CodeProps {
  code: RedemptionCode;
}
