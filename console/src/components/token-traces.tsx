import { useTranslation } from "react-i18next";

import type { TokenDetail } from "@/api/types";
import { tellEntry } from "@/lib/history";
import { formatExact, formatRelative } from "@/lib/time";

import { Section } from "./panel";

/** How the server names whoever works at the machine itself. */
const command_line = "command line";

const list = "rounded-panel border border-line-strong bg-surface";
const entry = "border-t border-line px-4 py-2.5 first:border-t-0";

/** From where and with what it was used: the first place to look when a token may have leaked. */
export function TokenClients({ detail }: { detail: TokenDetail }) {
  const { t, i18n } = useTranslation();
  if (detail.clients.length === 0) return null;
  return (
    <Section title={t("token.clients")}>
      <ul className={list}>
        {detail.clients.map((one) => (
          <li
            key={`${one.address} ${one.agent}`}
            className={`${entry} tabular flex flex-col gap-x-4 table:flex-row table:items-baseline`}
          >
            <span className="font-mono text-meta break-all table:w-44 table:shrink-0">
              {one.address}
            </span>
            <span className="min-w-0 flex-1 truncate" title={one.agent}>
              {one.agent === "" ? t("token.noAgent") : one.agent}
            </span>
            <span
              className="text-head text-muted"
              title={formatExact(one.last_used_at, i18n.language)}
            >
              {t("token.calls", { count: one.requests })} ·{" "}
              {formatRelative(one.last_used_at, i18n.language)}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** What became of the token, by whom and when. */
export function TokenHistory({ detail }: { detail: TokenDetail }) {
  const { t, i18n } = useTranslation();
  if (detail.history.length === 0) return null;
  return (
    <Section title={t("token.history")}>
      <ol className={list}>
        {detail.history.map((one, index) => {
          const told = tellEntry(one, t, i18n.language);
          return (
            <li key={`${one.at} ${index}`} className={entry}>
              <div className="flex flex-wrap items-baseline justify-between gap-x-4">
                <span>
                  <span className="font-medium">{told.title}</span>
                  {told.note && <span className="text-muted"> · {told.note}</span>}
                </span>
                <span
                  className="tabular text-head text-muted"
                  title={formatExact(one.at, i18n.language)}
                >
                  {one.actor === command_line ? t("history.commandLine") : one.actor} ·{" "}
                  {formatRelative(one.at, i18n.language)}
                </span>
              </div>
              {told.changes.length > 0 && (
                <dl className="tabular mt-1 flex flex-col gap-0.5 text-head">
                  {told.changes.map((change) => (
                    <div key={change.field} className="flex flex-wrap gap-x-2">
                      <dt className="text-muted">{change.field}</dt>
                      <dd className="min-w-0 break-words">
                        <s className="text-muted">
                          <span className="sr-only">{t("history.before")} </span>
                          {change.before}
                        </s>{" "}
                        <span aria-hidden>→</span>{" "}
                        <span className="sr-only">{t("history.after")}</span> {change.after}
                      </dd>
                    </div>
                  ))}
                </dl>
              )}
            </li>
          );
        })}
      </ol>
    </Section>
  );
}
