import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { accountQuery, sessionQuery } from "@/api/queries";
import { AlertPreferences } from "@/components/alert-preferences";
import { Identities } from "@/components/identities";
import { ManagementKeys } from "@/components/management-keys";
import { PageHeader } from "@/components/page-header";
import { Panel, Section } from "@/components/panel";
import { SecondFactor } from "@/components/second-factor";
import { Sessions } from "@/components/sessions";
import { SignIns } from "@/components/sign-ins";
import { Password } from "@/forms/change-password";
import { languageNames, languages, setLanguage, type Language } from "@/i18n";
import { setShortcuts, setTheme, usePreferences } from "@/lib/preferences";
import { Segmented } from "@/ui/segmented";
import { Switch } from "@/ui/switch";

/** The person: who they are here, how the console looks to them, and the keys of their programs. */
export function ProfilePage() {
  const { t } = useTranslation();
  const { data: session } = useQuery(sessionQuery);
  return (
    <>
      <PageHeader
        title={t("profile.title")}
        lead={session ? session.user.email : <span className="skeleton h-4 w-40" />}
        action={null}
      />
      <div className="mt-6 flex flex-col gap-8">
        <Account />
        <Password />
        <Identities />
        <SecondFactor />
        <AlertPreferences />
        <Sessions />
        <SignIns />
        <ManagementKeys />
        <Preferences />
      </div>
    </>
  );
}

function Account() {
  const { t } = useTranslation();
  const { data: session } = useQuery(sessionQuery);
  const { data: account } = useQuery(accountQuery);
  return (
    <Section title={t("profile.account")}>
      <Panel>
        <dl className="grid grid-cols-2 gap-x-10 gap-y-4 menu:grid-cols-4">
          <Fact label={t("profile.role")}>{session && t(`profile.role_${session.user.role}`)}</Fact>
          <Fact label={t("profile.accountName")}>{session?.account.name}</Fact>
          <Fact label={t("profile.tier")}>
            {account &&
              t("profile.tierOf", {
                tier: account.tier.name,
                limit: account.tier.token_limit,
              })}
          </Fact>
          <Fact label={t("profile.billing")}>
            {account && t(`setup.billing.${account.billing}`)}
          </Fact>
        </dl>
      </Panel>
    </Section>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <dt className="text-meta text-muted">{label}</dt>
      <dd className="min-h-5 break-words">{children}</dd>
    </div>
  );
}

function Preferences() {
  const { t, i18n } = useTranslation();
  const { theme, hasShortcuts } = usePreferences();
  return (
    <Section title={t("profile.preferences")}>
      <div className="rounded-panel border border-line-strong bg-surface">
        <Row id="preference-theme" label={t("theme.title")}>
          <Segmented
            value={theme}
            onChange={setTheme}
            labelledBy="preference-theme"
            options={(["system", "light", "dark"] as const).map((value) => ({
              value,
              label: t(`theme.${value}`),
            }))}
          />
        </Row>
        <Row id="preference-language" label={t("language.title")}>
          <Segmented<Language>
            value={i18n.language as Language}
            onChange={(language) => void setLanguage(language)}
            labelledBy="preference-language"
            options={languages.map((value) => ({ value, label: languageNames[value] }))}
          />
        </Row>
        <Row id="preference-shortcuts" label={t("shortcuts.enabled")}>
          <Switch isOn={hasShortcuts} onChange={setShortcuts} labelledBy="preference-shortcuts" />
        </Row>
      </div>
    </Section>
  );
}

function Row({ id, label, children }: { id: string; label: string; children: ReactNode }) {
  return (
    <div className="flex min-h-12 flex-wrap items-center justify-between gap-x-4 gap-y-1 border-t border-line px-4 py-2 first:border-t-0">
      <span id={id}>{label}</span>
      {children}
    </div>
  );
}
