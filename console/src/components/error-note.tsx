import { CircleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";

import { describeError } from "@/api/errors";
import { Button } from "@/ui/button";

interface ErrorNoteProps {
  error: unknown;
  /** What failed, when the place alone does not say it. */
  title?: string;
  onRetry?: () => void;
}

/** A failure where it happened: what, why, what to do, and the number to look for in the log. */
export function ErrorNote({ error, title, onRetry }: ErrorNoteProps) {
  const { t } = useTranslation();
  const { message, requestId } = describeError(error, t);
  return (
    <div role="alert" className="flex gap-2.5 rounded-panel bg-bad-soft px-3.5 py-3">
      <CircleAlert size={16} strokeWidth={1.75} className="mt-0.5 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0 flex-1">
        {title && <p className="font-medium">{title}</p>}
        <p className="break-words">{message}</p>
        {requestId && (
          <p className="mt-0.5 font-mono text-meta break-all text-muted">
            {t("common.requestId", { id: requestId })}
          </p>
        )}
      </div>
      {onRetry && (
        <Button size="small" onClick={onRetry}>
          {t("common.retry")}
        </Button>
      )}
    </div>
  );
}
