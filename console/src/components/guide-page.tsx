import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { FieldName, guides } from "@/lib/guides";
import {
  placeholder_secret,
  shellNames,
  shells,
  snippets,
  type Shell,
  type SnippetInput,
} from "@/lib/snippets";
import { CopyButton } from "@/ui/copy-button";
import { Segmented } from "@/ui/segmented";

import { SetupText } from "./setup-text";

interface GuidePageProps {
  guide: (typeof guides)[number];
  origin: string;
  model: string;
}

/** How one client is set up, with this relay's own address in what is to be pasted. */
export function GuidePage({ guide, origin, model }: GuidePageProps) {
  const { t } = useTranslation();
  const [shell, setShell] = useState<Shell>("bash");
  const input: SnippetInput = { origin, secret: placeholder_secret, model };
  const isSame = guide.texts.every(
    ({ client }) => snippets[client].bash(input) === snippets[client].powershell(input),
  );
  return (
    <div className="flex flex-col gap-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 className="text-title font-semibold tracking-[-0.01em]">{guide.name}</h2>
        {!isSame && (
          <Segmented
            size="small"
            value={shell}
            onChange={setShell}
            label={t("reveal.shell")}
            options={shells.map((value) => ({ value, label: shellNames[value] }))}
          />
        )}
      </div>
      <p className="max-w-[68ch]">{t(`docs.guides.${guide.id}`)}</p>
      {guide.fields.length > 0 && (
        <dl className="rounded-panel border border-line-strong bg-surface">
          {guide.fields.map((name) => (
            <FieldLine key={name} name={name} input={input} />
          ))}
        </dl>
      )}
      {guide.texts.map(({ name, client }) => (
        <section key={client} aria-label={name}>
          {guide.texts.length > 1 && <h3 className="mb-1.5 font-medium">{name}</h3>}
          <SetupText text={snippets[client][shell](input)} />
        </section>
      ))}
      <p className="max-w-[68ch] text-muted">{t("docs.secretNote")}</p>
    </div>
  );
}

const valueOf: Record<FieldName, (input: SnippetInput) => string> = {
  host: ({ origin }) => origin,
  baseUrl: ({ origin }) => `${origin}/v1`,
  key: ({ secret }) => secret,
  model: ({ model }) => model,
};

function FieldLine({ name, input }: { name: FieldName; input: SnippetInput }) {
  const { t } = useTranslation();
  const value = valueOf[name](input);
  return (
    <div className="flex items-center gap-4 border-t border-line py-2 pr-2 pl-4 first:border-t-0">
      <dt className="w-28 shrink-0 text-muted">{t(`docs.field_${name}`)}</dt>
      <dd className="flex min-w-0 flex-1 items-center justify-between gap-3">
        <span className="min-w-0 font-mono text-head break-words">{value}</span>
        {name !== "key" && (
          <CopyButton
            size="small"
            variant="quiet"
            text={value}
            label={t("docs.copyField", { name: t(`docs.field_${name}`) })}
            shownLabel={t("common.copy")}
            copiedLabel={t("common.copied")}
          />
        )}
      </dd>
    </div>
  );
}
