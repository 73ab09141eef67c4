import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { ApiError } from "@/api/errors";
import { usageOfQuery } from "@/api/queries";
import { cx } from "@/lib/cx";
import { exactMoney, formatMoney } from "@/lib/money";
import type { Answer, Turn } from "@/lib/playground/conversation";
import { splitFences } from "@/lib/playground/fences";
import { cachedUnits, inputUnits, outputUnits } from "@/lib/units";
import { CopyButton } from "@/ui/copy-button";

import { ErrorNote } from "./error-note";
import { useSeconds } from "./usage-words";

/** A message and what the models answered, side by side where there are two. */
export function PlaygroundTurn({ turn }: { turn: Turn }) {
  const { t } = useTranslation();
  return (
    <li className="flex flex-col gap-4">
      <div className="ml-auto flex max-w-[85%] flex-col items-end gap-2">
        <h3 className="sr-only">{t("playground.you")}</h3>
        {turn.images.length > 0 && (
          <div className="flex flex-wrap justify-end gap-2">
            {turn.images.map((image, at) => (
              <img
                key={image.slice(-64)}
                src={image}
                alt={t("playground.picture", { number: at + 1 })}
                className="max-h-40 max-w-full rounded-control border border-line"
              />
            ))}
          </div>
        )}
        {turn.text !== "" && (
          <p className="rounded-panel bg-accent-soft px-3.5 py-2 break-words whitespace-pre-wrap">
            {turn.text}
          </p>
        )}
      </div>
      <div className={cx("grid gap-4", turn.answers.length > 1 && "table:grid-cols-2")}>
        {turn.answers.map((answer) => (
          <AnswerPart key={answer.model} answer={answer} isCompared={turn.answers.length > 1} />
        ))}
      </div>
    </li>
  );
}

function AnswerPart({ answer, isCompared }: { answer: Answer; isCompared: boolean }) {
  const { t } = useTranslation();
  const isRunning = answer.state === "running";
  const isSilent = isRunning && answer.text === "" && answer.reasoning === "";
  return (
    <article
      aria-label={t("playground.answerOf", { model: answer.model })}
      aria-busy={isRunning}
      className={cx(
        "flex min-w-0 flex-col gap-2",
        isCompared && "rounded-panel border border-line-strong bg-surface px-4 py-3",
      )}
    >
      <h3 className="font-mono text-meta break-all text-muted">{answer.model}</h3>
      {answer.reasoning !== "" && <Reasoning answer={answer} />}
      {isSilent && (
        <span role="status" className="flex flex-col gap-2">
          <span className="sr-only">{t("playground.waiting")}</span>
          <span aria-hidden className="skeleton h-3.5 w-3/4" />
          <span aria-hidden className="skeleton h-3.5 w-1/2" />
        </span>
      )}
      <AnswerText text={answer.text} />
      {answer.error !== null && (
        <ErrorNote error={errorOf(answer)} title={t("playground.failed")} />
      )}
      {answer.state === "stopped" && (
        <p className="text-head text-muted">{t("playground.stopped")}</p>
      )}
      {!isRunning && <Cost answer={answer} />}
    </article>
  );
}

/** An error that came within the stream is a sentence; it belongs to the call all the same. */
function errorOf({ error, requestId }: Answer): unknown {
  return typeof error === "string" ? new ApiError("in_band", error, 200, requestId) : error;
}

function Reasoning({ answer }: { answer: Answer }) {
  const { t } = useTranslation();
  return (
    // Open while there is nothing else to read.
    <details open={answer.text === "" || undefined} className="border-l-2 border-line pl-3">
      <summary className="w-fit cursor-default rounded-[4px] text-head font-medium text-muted select-none">
        {t("playground.reasoning")}
      </summary>
      <p className="mt-1 text-head break-words whitespace-pre-wrap text-muted">
        {answer.reasoning}
      </p>
    </details>
  );
}

/** What a model says is text, whatever it looks like: nothing of it becomes markup. */
function AnswerText({ text }: { text: string }) {
  const { t } = useTranslation();
  return splitFences(text).map((part, at) =>
    part.kind === "text" ? (
      <p key={at} className="break-words whitespace-pre-wrap">
        {part.text.replace(/^\n+|\n+$/g, "")}
      </p>
    ) : (
      <div key={at} className="overflow-hidden rounded-control border border-line bg-sunken">
        <div className="flex h-8 items-center justify-between border-b border-line pr-1 pl-3">
          <span className="font-mono text-meta text-muted">{part.language}</span>
          <CopyButton
            size="small"
            variant="quiet"
            text={part.text}
            label={t("playground.copyCode")}
            shownLabel={t("common.copy")}
            copiedLabel={t("common.copied")}
          />
        </div>
        <pre tabIndex={0} className="overflow-x-auto p-3 font-mono text-head">
          <code>{part.text}</code>
        </pre>
      </div>
    ),
  );
}

/** How often a record is looked for: what was stopped is settled a moment later. */
const tries = 8;
const retry_ms = 600;

/** What the answer cost, from the ledger. */
function Cost({ answer }: { answer: Answer }) {
  const { t, i18n } = useTranslation();
  const seconds = useSeconds();
  const id = answer.requestId;
  const { data } = useQuery({
    ...usageOfQuery(id ?? ""),
    enabled: id !== null,
    staleTime: Infinity,
    retry: (count) => count < (isRefused(answer) ? 0 : tries),
    retryDelay: retry_ms,
  });
  // A refusal costs nothing and has no record.
  if (id === null || isRefused(answer)) return null;
  if (!data) return <span className="skeleton h-4 w-72 max-w-full" />;
  const number = new Intl.NumberFormat(i18n.language);
  const cached = cachedUnits(data);
  return (
    <p className="tabular flex flex-wrap items-center gap-x-3 gap-y-1 text-meta text-muted">
      <span className="font-medium text-ink" title={exactMoney(data.charge)}>
        {formatMoney(data.charge)}
      </span>
      <span>{t("playground.inUnits", { units: number.format(inputUnits(data)) })}</span>
      {cached > 0 && <span>{t("playground.cachedUnits", { units: number.format(cached) })}</span>}
      <span>{t("playground.outUnits", { units: number.format(outputUnits(data)) })}</span>
      {data.first_token_ms !== null && data.stream && (
        <span>{t("playground.first", { time: seconds(data.first_token_ms) })}</span>
      )}
      <span>{t("playground.total", { time: seconds(data.total_ms) })}</span>
      {answer.end && <span className="font-mono">{answer.end}</span>}
      <Link to="/usage" search={{ open: id }} className="rounded-[4px] text-accent hover:underline">
        {t("playground.arithmetic")}
      </Link>
    </p>
  );
}

const isRefused = ({ error, text }: Answer) =>
  error instanceof ApiError && error.status >= 400 && text === "";
