import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { instanceQuery, modelsQuery } from "@/api/queries";
import { ApiReference } from "@/components/api-reference";
import { GuidePage } from "@/components/guide-page";
import { MethodPath } from "@/components/method-path";
import { PageHeader } from "@/components/page-header";
import { cx } from "@/lib/cx";
import { default_topic, type DocsSearch, type Topic } from "@/lib/docs-search";
import { guidePlaces, guides, relayPaths } from "@/lib/guides";
import { any_model } from "@/lib/snippets";
import { useHasTable } from "@/lib/use-media";
import { Select } from "@/ui/select";

/** How to call this relay: client by client, and endpoint by endpoint. */
export function DocsPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/docs" });
  const navigate = useNavigate({ from: "/docs" });
  const change = useCallback(
    (to: DocsSearch) =>
      void navigate({ search: (before) => ({ ...before, ...to }), replace: true }),
    [navigate],
  );
  const find = useCallback((text: string | undefined) => change({ search: text }), [change]);
  const topic = search.topic ?? default_topic;
  const hasRoom = useHasTable();
  const { data: instance } = useQuery(instanceQuery);
  const { data: models } = useQuery(modelsQuery);
  const origin = instance?.public_url || window.location.origin;
  const served = models?.items.filter((one) => one.available && one.price !== null) ?? [];
  const model = search.model ?? served[0]?.id ?? any_model;
  const guide = guides.find((one) => one.id === topic);
  return (
    <>
      <PageHeader
        title={t("nav.docs")}
        lead={t("docs.lead", { origin })}
        action={
          guide && (
            <Select
              label={t("docs.model")}
              value={model}
              onChange={(value) => change({ model: value })}
              options={[...new Set([model, ...served.map((one) => one.id)])].map((value) => ({
                value,
                label: value,
              }))}
              className="max-w-full font-mono text-head table:max-w-72"
            />
          )
        }
      />
      <div className="mt-6 grid gap-x-10 gap-y-6 table:grid-cols-[180px_minmax(0,1fr)]">
        {hasRoom ? (
          <Topics topic={topic} />
        ) : (
          <TopicSelect topic={topic} onChange={(value) => change({ topic: value })} />
        )}
        <div className="min-w-0">
          {guide && <GuidePage guide={guide} origin={origin} model={model} />}
          {topic === "paths" && (
            <Titled title={t("docs.paths")} lead={t("docs.pathsLead", { origin })}>
              <Paths />
            </Titled>
          )}
          {topic === "api" && (
            <Titled title={t("docs.api")} lead={t("docs.apiLead")}>
              <ApiReference search={search.search} onSearch={find} />
            </Titled>
          )}
        </div>
      </div>
    </>
  );
}

function Titled({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-5">
      <div>
        <h2 className="text-title font-semibold tracking-[-0.01em]">{title}</h2>
        <p className="mt-1 max-w-[68ch] text-muted">{lead}</p>
      </div>
      {children}
    </div>
  );
}

function Topics({ topic }: { topic: Topic }) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("docs.topics")} className="sticky top-8 self-start">
      {guidePlaces.map((place) => (
        <TopicGroup key={place} title={t(`docs.place_${place}`)}>
          {guides
            .filter((guide) => guide.place === place)
            .map((guide) => (
              <TopicLink key={guide.id} topic={guide.id} isOpen={guide.id === topic}>
                {guide.name}
              </TopicLink>
            ))}
        </TopicGroup>
      ))}
      <TopicGroup title={t("docs.place_reference")}>
        {(["paths", "api"] as const).map((one) => (
          <TopicLink key={one} topic={one} isOpen={one === topic}>
            {t(`docs.${one}`)}
          </TopicLink>
        ))}
      </TopicGroup>
    </nav>
  );
}

function TopicGroup({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="mb-5">
      <h2 className="mb-1 px-2 text-meta font-medium text-muted">{title}</h2>
      <ul>{children}</ul>
    </section>
  );
}

interface TopicLinkProps {
  topic: Topic;
  isOpen: boolean;
  children: ReactNode;
}

function TopicLink({ topic, isOpen, children }: TopicLinkProps) {
  return (
    <li>
      <Link
        to="/docs"
        search={(before) => ({ model: before.model, topic })}
        aria-current={isOpen ? "page" : undefined}
        className={cx(
          "flex h-8 items-center rounded-control px-2 transition-colors",
          isOpen
            ? "bg-accent-soft font-medium text-ink"
            : "text-muted hover:bg-sunken hover:text-ink",
        )}
      >
        {children}
      </Link>
    </li>
  );
}

function TopicSelect({ topic, onChange }: { topic: Topic; onChange: (topic: Topic) => void }) {
  const { t } = useTranslation();
  return (
    <Select<Topic>
      label={t("docs.topics")}
      value={topic}
      onChange={onChange}
      options={[
        ...guides.map((guide) => ({ value: guide.id as Topic, label: guide.name as string })),
        { value: "paths", label: t("docs.paths") },
        { value: "api", label: t("docs.api") },
      ]}
    />
  );
}

function Paths() {
  const { t } = useTranslation();
  return (
    <ul className="rounded-panel border border-line-strong bg-surface">
      {relayPaths.map(({ method, path, text }) => (
        <li
          key={path}
          className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 border-t border-line px-4 py-2.5 first:border-t-0"
        >
          <MethodPath method={method} path={path} />
          <span className="text-muted">{t(`docs.path_${text}`)}</span>
        </li>
      ))}
    </ul>
  );
}
