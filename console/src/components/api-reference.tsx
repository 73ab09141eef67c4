import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { openapiQuery } from "@/api/queries";
import { findOperations, operationsOf, type Field, type Operation } from "@/lib/openapi";
import { buttonLook } from "@/ui/button";

import { ErrorNote } from "./error-note";
import { MethodPath } from "./method-path";
import { SearchField } from "./search-field";

interface ApiReferenceProps {
  search: string | undefined;
  onSearch: (search: string | undefined) => void;
}

/** The control API as this very relay describes it: nothing is asked of another site. */
export function ApiReference({ search, onSearch }: ApiReferenceProps) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(openapiQuery);
  const operations = useMemo(() => (data ? operationsOf(data) : []), [data]);
  const found = findOperations(operations, search ?? "");
  const tags = [...new Set(found.map((one) => one.tag))];
  return (
    <div className="flex flex-col gap-6">
      <div role="search" className="flex flex-wrap items-center gap-2">
        <SearchField
          label={t("docs.search")}
          placeholder={t("docs.searchPlaceholder")}
          value={search}
          onChange={onSearch}
          className="w-full table:w-80"
        />
        <a href="/api/v1/openapi.json" download="openapi.json" className={buttonLook()}>
          <Download size={16} strokeWidth={1.75} aria-hidden />
          {t("docs.download")}
        </a>
      </div>
      {error && <ErrorNote error={error} onRetry={() => void refetch()} />}
      {!data && !error && <span className="skeleton block h-96 rounded-panel!" />}
      {data && found.length === 0 && <p className="text-muted">{t("docs.nothing")}</p>}
      {tags.map((tag) => (
        <section key={tag} aria-label={tag}>
          <h3 className="mb-2 font-semibold first-letter:uppercase">{tag}</h3>
          <div className="rounded-panel border border-line-strong bg-surface">
            {found
              .filter((one) => one.tag === tag)
              .map((one) => (
                <OperationDetails key={one.id} operation={one} />
              ))}
          </div>
        </section>
      ))}
    </div>
  );
}

function OperationDetails({ operation }: { operation: Operation }) {
  const { t } = useTranslation();
  const [lead, ...rest] = operation.summary.split("\n\n");
  return (
    <details name="operation" className="group border-t border-line first:border-t-0">
      <summary className="flex cursor-pointer flex-wrap items-baseline gap-x-4 gap-y-0.5 px-4 py-2.5 -outline-offset-2 transition-colors hover:bg-sunken">
        <MethodPath method={operation.method} path={operation.path} />
        <span className="text-muted">{lead}</span>
      </summary>
      <div className="flex flex-col gap-4 border-t border-line px-4 py-4">
        {rest.map((text) => (
          <p key={text}>{text}</p>
        ))}
        <Fields title={t("docs.parameters")} fields={operation.parameters} marksRequired />
        <Fields title={t("docs.body")} fields={operation.body} marksRequired />
        <Fields title={t("docs.answer")} fields={operation.answer} />
      </div>
    </details>
  );
}

interface FieldsProps {
  title: string;
  fields: readonly Field[];
  marksRequired?: boolean;
}

function Fields({ title, fields, marksRequired = false }: FieldsProps) {
  const { t } = useTranslation();
  if (fields.length === 0) return null;
  return (
    <div>
      <h4 className="mb-1 text-head font-medium">{title}</h4>
      <dl className="text-head">
        {fields.map((field) => (
          <div
            key={field.name}
            className="grid gap-x-4 border-t border-line py-1.5 table:grid-cols-[minmax(0,5fr)_minmax(0,7fr)]"
          >
            <dt className="min-w-0">
              <span className="font-mono text-meta break-words">{field.name}</span>
              <span className="block text-meta break-words text-muted">
                {field.type}
                {marksRequired && field.isRequired && ` · ${t("docs.required")}`}
              </span>
            </dt>
            <dd className="text-muted">{field.description}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
