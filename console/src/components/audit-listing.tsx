import { ArrowRight } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { AuditedChange } from "@/api/types";
import { fieldsOf } from "@/lib/audit-search";
import { formatExact, formatRelative } from "@/lib/time";

interface AuditListingProps {
  changes: AuditedChange[];
  /** Everything about one object. */
  onObject: (id: string) => void;
}

/** Who changed what, newest first, each field before and after. */
export function AuditListing({ changes, onObject }: AuditListingProps) {
  const { t } = useTranslation();
  return (
    <ul
      aria-label={t("audit.title")}
      className="rounded-panel border border-line-strong bg-surface"
    >
      {changes.map((change, index) => (
        <li
          key={`${change.created_at} ${index}`}
          className="grid gap-x-6 gap-y-1 border-t border-line px-4 py-3 first:border-t-0 table:grid-cols-[minmax(0,1fr)_minmax(0,1.4fr)]"
        >
          <Head change={change} onObject={onObject} />
          <Fields change={change} />
        </li>
      ))}
    </ul>
  );
}

interface OfChange {
  change: AuditedChange;
}

function Head({ change, onObject }: OfChange & Pick<AuditListingProps, "onObject">) {
  const { t, i18n } = useTranslation();
  const { object } = change;
  return (
    <div className="flex min-w-0 flex-col gap-0.5">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <span className="font-mono text-head font-medium break-all">{change.action}</span>
        <span
          className="tabular text-head text-muted"
          title={formatExact(change.created_at, i18n.language)}
        >
          {formatRelative(change.created_at, i18n.language)}
        </span>
      </p>
      <p className="break-words">{change.actor}</p>
      <p className="flex flex-wrap gap-x-3 text-meta text-muted">
        {object && (
          <button
            type="button"
            className="cursor-pointer rounded-[4px] font-mono break-all text-accent underline"
            onClick={() => onObject(object)}
          >
            {object}
          </button>
        )}
        {change.address && <span>{t("audit.from", { address: change.address })}</span>}
      </p>
    </div>
  );
}

function Fields({ change }: OfChange) {
  const { t } = useTranslation();
  const fields = fieldsOf(change.detail as Record<string, unknown>);
  const say = (text: string) =>
    text === "" ? <span className="text-muted">{t("audit.nothing")}</span> : text;
  return (
    <dl className="flex min-w-0 flex-col gap-1 text-head">
      {fields.map(({ field, before, after }) => (
        <div key={field} className="flex flex-wrap items-baseline gap-x-2">
          <dt className="font-mono text-muted">{field}</dt>
          {before === null ? (
            <dd className="min-w-0 break-words">{say(after)}</dd>
          ) : (
            <dd className="flex min-w-0 flex-wrap items-baseline gap-x-2 break-words">
              <span className="sr-only">{t("audit.before")}</span>
              <span className="text-muted line-through">{say(before)}</span>
              <ArrowRight size={12} strokeWidth={1.75} aria-hidden className="self-center" />
              <span className="sr-only">{t("audit.after")}</span>
              <span>{say(after)}</span>
            </dd>
          )}
        </div>
      ))}
    </dl>
  );
}
