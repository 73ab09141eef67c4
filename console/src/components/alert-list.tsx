import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Alert } from "@/api/types";
import { alertKinds, sentenceOf } from "@/lib/alerts";
import { formatExact, formatRelative } from "@/lib/time";

/** Alerts, newest first; each leads to what it is about. */
export function AlertList({ alerts }: { alerts: Alert[] }) {
  const { t } = useTranslation();
  return (
    <ul
      aria-label={t("alerts.title")}
      className="overflow-hidden rounded-panel border border-line-strong bg-surface"
    >
      {alerts.map((alert) => (
        <li key={alert.id} className="flex gap-3 border-t border-line px-4 py-3 first:border-t-0">
          <Entry alert={alert} />
        </li>
      ))}
    </ul>
  );
}

function Entry({ alert }: { alert: Alert }) {
  const { t, i18n } = useTranslation();
  const sentence = sentenceOf(alert, i18n.language);
  const kind = alertKinds.find((name) => name === alert.kind);
  return (
    <div className="flex min-w-0 flex-1 flex-col gap-0.5">
      <p className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="flex items-center gap-2 font-medium">
          {!alert.seen && (
            <span className="flex items-center gap-1.5 text-head font-medium text-accent">
              <span aria-hidden className="size-2 rounded-full bg-accent" />
              {t("alerts.isNew")}
            </span>
          )}
          {kind ? t(`alerts.names.${kind}`) : alert.kind}
        </span>
        <time
          dateTime={alert.created_at}
          title={formatExact(alert.created_at, i18n.language)}
          className="tabular text-head text-muted"
        >
          {formatRelative(alert.created_at, i18n.language)}
        </time>
      </p>
      {sentence && (
        <p className="tabular break-words text-muted">
          {t(`alerts.said.${sentence.key}`, sentence.values)}
        </p>
      )}
      <Way alert={alert} />
    </div>
  );
}

/** To what an alert is about. */
function Way({ alert }: { alert: Alert }) {
  const { t } = useTranslation();
  const look = "self-start text-head text-accent underline";
  if (alert.token !== null) {
    return (
      <Link to="/tokens/$id" params={{ id: alert.token }} className={look}>
        {alert.detail.token_name ?? t("nav.tokens")}
      </Link>
    );
  }
  if (alert.channel !== null) {
    return (
      <Link to="/channels" className={look}>
        {t("nav.channels")}
      </Link>
    );
  }
  return (
    <Link to={alert.kind === "low_balance" ? "/wallet" : "/usage"} className={look}>
      {t(alert.kind === "low_balance" ? "nav.wallet" : "nav.usage")}
    </Link>
  );
}
