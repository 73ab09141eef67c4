import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { instanceQuery, signInsQuery } from "@/api/queries";
import type { SignInSeen } from "@/api/types";
import { cx } from "@/lib/cx";
import { formatExact, formatRelative } from "@/lib/time";
import { Button } from "@/ui/button";

import { useBrowserName } from "./browser-name";
import { ErrorNote } from "./error-note";
import { Panel, Section } from "./panel";

const shown_at_first = 5;

/** How one signed in, and who failed to be one. */
export function SignIns() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(signInsQuery);
  const [isWhole, setWhole] = useState(false);
  const items = isWhole ? data?.items : data?.items.slice(0, shown_at_first);
  return (
    <Section title={t("signIns.title")}>
      <p className="mb-2 text-muted">{t("signIns.lead")}</p>
      {error && (
        <ErrorNote error={error} title={t("signIns.loadFailed")} onRetry={() => void refetch()} />
      )}
      {!data && !error && <span className="skeleton block h-32 rounded-panel!" />}
      {data?.items.length === 0 && (
        <Panel>
          <p className="text-muted">{t("signIns.empty")}</p>
        </Panel>
      )}
      {items && items.length > 0 && (
        <ul
          aria-label={t("signIns.title")}
          className="rounded-panel border border-line-strong bg-surface"
        >
          {items.map((signIn, index) => (
            <SignInLine key={`${signIn.created_at} ${index}`} signIn={signIn} />
          ))}
        </ul>
      )}
      {!isWhole && data && data.items.length > shown_at_first && (
        <Button size="small" className="mt-2" onClick={() => setWhole(true)}>
          {t("signIns.more")}
        </Button>
      )}
    </Section>
  );
}

const ways = ["password", "app", "recovery_code", "registration"] as const;
const wrong = ["password", "app"] as const;

function SignInLine({ signIn }: { signIn: SignInSeen }) {
  const { t, i18n } = useTranslation();
  const browser = useBrowserName()(signIn.user_agent);
  const { data: instance } = useQuery(instanceQuery);
  const way = ways.find((one) => one === signIn.way);
  const provider = signIn.way.startsWith("provider:") ? signIn.way.slice(9) : null;
  const name = instance?.providers.find(({ id }) => id === provider)?.name ?? provider;
  const failed = wrong.find((one) => one === signIn.way);
  // A way that has no words yet is shown as it came.
  const said = provider
    ? t("signIns.way_provider", { name })
    : signIn.succeeded
      ? way
        ? t(`signIns.way_${way}`)
        : signIn.way
      : failed
        ? t(`signIns.failed_${failed}`)
        : signIn.way;
  return (
    <li className="tabular flex flex-wrap items-baseline gap-x-4 gap-y-1 border-t border-line px-4 py-2.5 first:border-t-0">
      <span className={cx("font-medium", signIn.succeeded ? "text-ok" : "text-bad")}>
        {t(signIn.succeeded ? "signIns.succeeded" : "signIns.failed")}
      </span>
      <span>{said}</span>
      <span className="font-mono text-head break-all text-muted">{signIn.address}</span>
      <span className="text-head text-muted" title={signIn.user_agent}>
        {browser}
      </span>
      <span
        className="ml-auto text-head whitespace-nowrap text-muted"
        title={formatExact(signIn.created_at, i18n.language)}
      >
        {formatRelative(signIn.created_at, i18n.language)}
      </span>
    </li>
  );
}
