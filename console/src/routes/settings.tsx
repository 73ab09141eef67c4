import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { sessionQuery, settingMeaningsQuery, settingsQuery } from "@/api/queries";
import type { Setting, SettingList as Settings } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { Panel } from "@/components/panel";
import { SearchField } from "@/components/search-field";
import { SettingList } from "@/components/setting-list";
import { isOperator } from "@/lib/roles";
import { byTable, isChanged, settingsOf, tableNames, type SettingsSearch } from "@/lib/settings";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy-button";
import { Segmented } from "@/ui/segmented";

/** Every setting of the relay, to be looked up: they are changed where the relay is started. */
export function SettingsPage() {
  const { t, i18n } = useTranslation();
  const { data: session } = useQuery(sessionQuery);
  const isAllowed = session ? isOperator(session.user.role) : null;
  const { data, error, refetch } = useQuery({ ...settingsQuery, enabled: isAllowed === true });
  const { data: meanings } = useQuery(settingMeaningsQuery(i18n.language));
  return (
    <>
      <PageHeader title={t("settings.title")} lead={t("settings.lead")} action={null} />
      <div className="mt-6">
        {isAllowed === false && <p className="text-muted">{t("settings.forbidden")}</p>}
        {error && (
          <ErrorNote
            error={error}
            title={t("settings.loadFailed")}
            onRetry={() => void refetch()}
          />
        )}
        {isAllowed !== false && !error && (!data || !meanings) && <Skeleton />}
        {data && meanings && (
          <Loaded list={data} meaningOf={(setting) => meanings[setting.key] ?? setting.meaning} />
        )}
      </div>
    </>
  );
}

interface LoadedProps {
  list: Settings;
  meaningOf: (setting: Setting) => string;
}

function Loaded({ list, meaningOf }: LoadedProps) {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/settings" });
  const navigate = useNavigate({ from: "/settings" });
  const change = useCallback(
    (to: SettingsSearch) =>
      void navigate({ search: (before) => ({ ...before, ...to }), replace: true }),
    [navigate],
  );
  const find = useCallback((text: string | undefined) => change({ search: text }), [change]);
  const shown = settingsOf(list.items, search, meaningOf);
  return (
    <>
      <How file={list.file} />
      <div className="mt-6 mb-4 flex flex-wrap items-center gap-3">
        <SearchField
          label={t("settings.search")}
          placeholder={t("settings.searchPlaceholder")}
          value={search.search}
          onChange={find}
          className="w-full table:w-80"
        />
        <Segmented
          label={t("settings.show")}
          value={search.changed ?? "0"}
          onChange={(value) => change({ changed: value === "1" ? "1" : undefined })}
          options={[
            { value: "0", label: t("settings.all", { count: list.items.length }) },
            {
              value: "1",
              label: t("settings.changed", { count: list.items.filter(isChanged).length }),
            },
          ]}
        />
      </div>
      {shown.length === 0 && (
        <Panel className="px-6! py-8!">
          <p className="text-muted">
            {t(search.search === undefined ? "settings.noneChanged" : "settings.noMatch")}
          </p>
          <Button
            className="mt-4"
            onClick={() => change({ search: undefined, changed: undefined })}
          >
            {t("settings.showAll")}
          </Button>
        </Panel>
      )}
      <div className="flex flex-col gap-8">
        {byTable(shown).map(([table, settings]) => (
          <Table key={table} table={table} settings={settings} meaningOf={meaningOf} />
        ))}
      </div>
    </>
  );
}

interface TableProps {
  table: string;
  settings: Setting[];
  meaningOf: LoadedProps["meaningOf"];
}

function Table({ table, settings, meaningOf }: TableProps) {
  const { t } = useTranslation();
  const name = tableNames[table];
  const title = name === undefined ? table : t(`settings.tables.${name}`);
  return (
    <section>
      <h2 className="mb-2 flex flex-wrap items-baseline gap-x-2.5 text-lead font-semibold">
        {title}
        {table !== "" && (
          <span className="font-mono text-meta font-normal text-muted">{`[${table}]`}</span>
        )}
      </h2>
      <SettingList settings={settings} meaningOf={meaningOf} label={title} />
    </section>
  );
}

/** Where settings are changed. */
function How({ file }: { file: string }) {
  const { t } = useTranslation();
  return (
    <Panel>
      <h2 className="font-medium">{t("settings.howTitle")}</h2>
      <p className="mt-1 max-w-[80ch] text-head text-muted">{t("settings.how")}</p>
      <div className="mt-3 flex flex-wrap items-center justify-between gap-x-3 gap-y-2 rounded-control border border-line bg-sunken py-1.5 pr-1.5 pl-3">
        <p className="min-w-0 text-head">
          <span className="text-muted">{t("settings.file")}</span>{" "}
          <code className="font-mono text-meta break-all">{file}</code>
        </p>
        <CopyButton
          size="small"
          text={file}
          label={t("settings.copyFile")}
          shownLabel={t("common.copy")}
          copiedLabel={t("common.copied")}
        />
      </div>
    </Panel>
  );
}

function Skeleton() {
  return (
    <>
      <span className="skeleton block h-[142px] rounded-panel! table:h-[122px]" />
      <span className="skeleton mt-6 mb-4 block h-8 table:w-80" />
      <span className="skeleton mt-12 block h-[900px] rounded-panel!" />
    </>
  );
}
