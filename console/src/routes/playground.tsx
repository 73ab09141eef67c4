import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Code, MessageSquarePlus } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { instanceQuery, modelsQuery, tokensQuery } from "@/api/queries";
import type { Model, Token } from "@/api/types";
import { ErrorNote } from "@/components/error-note";
import { PageHeader } from "@/components/page-header";
import { Panel } from "@/components/panel";
import { PlaygroundChoices } from "@/components/playground-choices";
import { PlaygroundRequest } from "@/components/playground-request";
import { PlaygroundTurn } from "@/components/playground-turn";
import { PlaygroundComposer } from "@/forms/playground-composer";
import { PlaygroundSettings } from "@/forms/playground-settings";
import { emptyDraft, parametersOf, wrongFields } from "@/forms/playground-values";
import { callableModels, protocolFor } from "@/lib/playground/choices";
import { askOf, type Turn } from "@/lib/playground/conversation";
import type { PlaygroundSearch } from "@/lib/playground/search";
import { protocols, type Protocol } from "@/lib/playground/types";
import { useConversation } from "@/lib/playground/use-conversation";
import { useHasMenu } from "@/lib/use-media";
import { Button, buttonLook } from "@/ui/button";
import { Segmented } from "@/ui/segmented";

const protocolNames: Record<Protocol, string> = {
  chat: "Chat",
  responses: "Responses",
  messages: "Messages",
};

/** Talks to models as an application would: with a token, through the relay, for money. */
export function PlaygroundPage() {
  const { t } = useTranslation();
  const tokens = useQuery(tokensQuery({ limit: 200, status: "enabled" }));
  const models = useQuery(modelsQuery);
  const error = tokens.error ?? models.error;
  if (error) {
    return (
      <>
        <PageHeader title={t("nav.playground")} lead={t("playground.lead")} action={null} />
        <div className="mt-6">
          <ErrorNote
            error={error}
            title={t("playground.loadFailed")}
            onRetry={() => void Promise.all([tokens.refetch(), models.refetch()])}
          />
        </div>
      </>
    );
  }
  if (!tokens.data || !models.data) {
    return (
      <>
        <PageHeader title={t("nav.playground")} lead={t("playground.lead")} action={null} />
        <span className="skeleton mt-6 block h-96 rounded-panel!" />
      </>
    );
  }
  if (tokens.data.items.length === 0) return <NoToken />;
  return <Playground tokens={tokens.data.items} models={models.data.items} />;
}

function NoToken() {
  const { t } = useTranslation();
  return (
    <>
      <PageHeader title={t("nav.playground")} lead={t("playground.lead")} action={null} />
      <Panel className="mt-6 px-6! py-10!">
        <h2 className="text-lead font-semibold">{t("playground.noTokenTitle")}</h2>
        <p className="mt-1 mb-4 text-muted">{t("playground.noTokenLead")}</p>
        <Link
          to="/tokens"
          search={{ new: "1", name: "Playground" }}
          className={buttonLook("primary")}
        >
          {t("tokens.add")}
        </Link>
      </Panel>
    </>
  );
}

interface PlaygroundProps {
  tokens: readonly Token[];
  models: readonly Model[];
}

function Playground({ tokens, models }: PlaygroundProps) {
  const { t } = useTranslation();
  const search = useSearch({ from: "/app/playground" });
  const navigate = useNavigate({ from: "/playground" });
  const { data: instance } = useQuery(instanceQuery);
  const [draft, setDraft] = useState(emptyDraft);
  const [isShown, setShown] = useState(false);
  const conversation = useConversation();

  const token = tokens.find((one) => one.id === search.token) ?? tokens[0];
  const callable = callableModels(models, token?.models ?? []);
  const model = search.model ?? callable[0]?.id ?? null;
  const compared = search.with === model ? undefined : search.with;
  const protocol = search.protocol ?? protocolFor(models.find((one) => one.id === model));
  const parameters = parametersOf(draft);
  const change = (to: PlaygroundSearch) =>
    void navigate({ search: (before) => ({ ...before, ...to }), replace: true });
  const obstacle =
    model === null
      ? t("playground.noModel")
      : wrongFields(draft).length > 0
        ? t("playground.wrongParameters")
        : null;

  return (
    <>
      <PageHeader
        title={t("nav.playground")}
        lead={t("playground.lead")}
        action={
          <span className="flex flex-wrap items-center gap-2">
            <Segmented<Protocol>
              label={t("playground.protocol")}
              value={protocol}
              onChange={(value) => change({ protocol: value })}
              options={protocols.map((value) => ({ value, label: protocolNames[value] }))}
            />
            <Button
              icon={<Code size={16} strokeWidth={1.75} aria-hidden />}
              disabled={model === null}
              onClick={() => setShown(true)}
            >
              {t("playground.request")}
            </Button>
          </span>
        }
      />
      <div className="mt-6 grid items-start gap-x-8 gap-y-6 menu:grid-cols-[minmax(0,1fr)_280px]">
        <SettingsColumn chosen={[model, compared, token?.name]}>
          <PlaygroundChoices
            tokens={tokens}
            token={token}
            models={callable.map((one) => one.id)}
            model={model}
            compared={compared}
            onChange={change}
          />
          <PlaygroundSettings
            draft={draft}
            onChange={(to) => setDraft((before) => ({ ...before, ...to }))}
          />
        </SettingsColumn>
        <section
          aria-label={t("playground.conversation")}
          className="flex min-h-[max(320px,calc(100dvh-220px))] min-w-0 flex-col"
        >
          <Turns turns={conversation.turns} />
          <div className="sticky bottom-0 mt-auto bg-bg pt-4 pb-4">
            {conversation.turns.length > 0 && (
              <div className="mb-2 flex justify-end">
                <Button
                  size="small"
                  variant="quiet"
                  onClick={conversation.clear}
                  icon={<MessageSquarePlus size={14} strokeWidth={1.75} aria-hidden />}
                >
                  {t("playground.clear")}
                </Button>
              </div>
            )}
            <PlaygroundComposer
              isRunning={conversation.isRunning}
              obstacle={obstacle}
              onStop={conversation.stop}
              onSend={(text, images) =>
                token &&
                model !== null &&
                conversation.send({
                  token: token.id,
                  models: compared === undefined ? [model] : [model, compared],
                  protocol,
                  parameters,
                  text,
                  images,
                })
              }
            />
          </div>
        </section>
      </div>
      {isShown && model !== null && (
        <PlaygroundRequest
          ask={askOf(
            conversation.turns,
            { text: t("playground.sample"), images: [] },
            model,
            protocol,
            parameters,
          )}
          origin={instance?.public_url || window.location.origin}
          onClose={() => setShown(false)}
        />
      )}
    </>
  );
}

/** At the right where there is room; else folded away above the conversation. */
function SettingsColumn({
  chosen,
  children,
}: {
  /** What is said of the settings while they are folded away. */
  chosen: readonly (string | null | undefined)[];
  children: React.ReactNode;
}) {
  const { t } = useTranslation();
  const hasRoom = useHasMenu();
  if (hasRoom) {
    return (
      <aside
        aria-label={t("playground.settings")}
        className="sticky top-8 order-2 flex max-h-[calc(100dvh-64px)] flex-col gap-4 overflow-y-auto p-1"
      >
        {children}
      </aside>
    );
  }
  return (
    <details className="rounded-panel border border-line-strong bg-surface">
      <summary className="cursor-default rounded-panel px-4 py-2.5 font-medium select-none">
        {t("playground.settings")}
        <span className="ml-2 text-head font-normal break-words text-muted">
          {chosen.filter(Boolean).join(" · ")}
        </span>
      </summary>
      <div className="flex flex-col gap-4 border-t border-line px-4 py-4">{children}</div>
    </details>
  );
}

/** How near the end of the page a reader must be for it to follow the answer. */
const near_px = 160;

function Turns({ turns }: { turns: readonly Turn[] }) {
  const { t } = useTranslation();
  const end = useRef<HTMLDivElement>(null);
  const count = turns.length;
  useEffect(() => {
    end.current?.scrollIntoView({ block: "end" });
  }, [count]);
  useEffect(() => {
    const { scrollHeight, clientHeight, scrollTop } = document.documentElement;
    if (scrollHeight - clientHeight - scrollTop < near_px) {
      end.current?.scrollIntoView({ block: "end" });
    }
  }, [turns]);
  if (count === 0) {
    return (
      <div className="flex flex-1 flex-col items-center justify-center px-6 py-10 text-center">
        <h2 className="text-lead font-semibold">{t("playground.emptyTitle")}</h2>
        <p className="mt-1 max-w-md text-muted">{t("playground.emptyLead")}</p>
      </div>
    );
  }
  return (
    <div role="log" aria-label={t("playground.log")} tabIndex={0}>
      <ol className="flex flex-col gap-8 pb-6">
        {turns.map((turn) => (
          <PlaygroundTurn key={turn.id} turn={turn} />
        ))}
      </ol>
      <div ref={end} className="scroll-mb-48" />
    </div>
  );
}
