import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Token } from "@/api/types";
import { cx } from "@/lib/cx";
import { exactMoney, formatShort, isZero, meterPercent } from "@/lib/money";
import { formatDate, formatExact, formatRelative, nearness } from "@/lib/time";
import { Meter } from "@/ui/meter";
import { Switch } from "@/ui/switch";
import { Tooltip } from "@/ui/tooltip";

/** A value that a tooltip explains; the button lets keyboards and fingers reach it. */
function Explained({
  content,
  className,
  children,
}: {
  content: string;
  className?: string;
  children: string;
}) {
  return (
    <Tooltip content={content}>
      <button type="button" className={cx("cursor-default! rounded-[4px] text-left", className)}>
        {children}
      </button>
    </Tooltip>
  );
}

/** The name leads to the token's own page. */
export function NameCell({ token }: { token: Token }) {
  return (
    <div className="flex min-w-0 flex-col items-start">
      <Link
        to="/tokens/$id"
        params={{ id: token.id }}
        data-row-link
        className="max-w-full truncate rounded-[4px] font-medium hover:text-accent"
        title={token.name}
      >
        {token.name}
      </Link>
      <span className="max-w-full truncate font-mono text-meta text-muted">{token.hint}</span>
    </div>
  );
}

const statusLook = {
  enabled: { dot: "bg-ok", word: "text-ink" },
  disabled: { dot: "bg-control-line", word: "text-muted" },
  expired: { dot: "bg-bad", word: "text-bad" },
  exhausted: { dot: "bg-warn", word: "text-warn" },
} as const;

interface StatusCellProps {
  token: Token;
  onSwitch: (isOn: boolean) => void;
}

/** The switch says what was chosen, the word whether it works, the line below why not. */
export function StatusCell({ token, onSwitch }: StatusCellProps) {
  const { t } = useTranslation();
  const look = statusLook[token.status];
  return (
    <div className="flex items-center gap-2.5">
      <Switch
        isOn={token.enabled}
        onChange={onSwitch}
        label={t("tokens.statusOf", { name: token.name })}
      />
      <span className="flex min-w-0 flex-col">
        <span className={cx("flex items-center gap-1.5", look.word)}>
          <span aria-hidden className={cx("size-1.5 shrink-0 rounded-full", look.dot)} />
          {t(`tokens.status.${token.status}`)}
        </span>
        {token.status_reason && token.status_reason !== "expired" && (
          <span className="text-meta text-muted">{t(`tokens.reason.${token.status_reason}`)}</span>
        )}
      </span>
    </div>
  );
}

export function UsedCell({ token }: { token: Token }) {
  return (
    <span className="tabular" title={exactMoney(token.used_quota)}>
      {formatShort(token.used_quota)}
    </span>
  );
}

/** Below a tenth the meter warns; at nothing it is over. */
function toneOf(percent: number, remaining: string): "accent" | "warn" | "bad" {
  if (isZero(remaining) || remaining.startsWith("-")) return "bad";
  return percent < 10 ? "warn" : "accent";
}

export function RemainingCell({ token }: { token: Token }) {
  const { t } = useTranslation();
  if (token.quota === null || token.quota === undefined || !token.remaining_quota) {
    return <span className="text-muted">{t("tokens.unlimited")}</span>;
  }
  const percent = meterPercent(token.remaining_quota, token.quota);
  return (
    <span
      className="flex w-full max-w-36 flex-col gap-1.5"
      title={exactMoney(token.remaining_quota)}
    >
      <span className="tabular flex flex-wrap items-baseline justify-between gap-x-2">
        <span>{formatShort(token.remaining_quota)}</span>
        <span className="text-meta text-muted">
          {t("tokens.remainingOf", { quota: formatShort(token.quota) })}
        </span>
      </span>
      <Meter percent={percent} tone={toneOf(percent, token.remaining_quota)} />
    </span>
  );
}

export function CreatedCell({ token }: { token: Token }) {
  const { i18n } = useTranslation();
  return (
    <Explained content={formatExact(token.created_at, i18n.language)} className="tabular">
      {formatDate(token.created_at, i18n.language)}
    </Explained>
  );
}

export function LastUsedCell({ token }: { token: Token }) {
  const { t, i18n } = useTranslation();
  if (!token.last_used_at) return <span className="text-muted">{t("tokens.neverUsed")}</span>;
  return (
    <Explained content={formatExact(token.last_used_at, i18n.language)}>
      {formatRelative(token.last_used_at, i18n.language)}
    </Explained>
  );
}

const nearnessLook = { past: "text-bad", soon: "text-warn", far: undefined } as const;

export function ExpirationCell({ token }: { token: Token }) {
  const { t, i18n } = useTranslation();
  if (!token.expires_at) return <span className="text-muted">{t("tokens.neverExpires")}</span>;
  const when = formatRelative(token.expires_at, i18n.language);
  const near = nearness(token.expires_at);
  return (
    <Explained
      content={formatExact(token.expires_at, i18n.language)}
      className={cx("tabular", nearnessLook[near])}
    >
      {near === "past" ? t("tokens.expired", { when }) : when}
    </Explained>
  );
}
