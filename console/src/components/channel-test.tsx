import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import { describeError, type ApiError } from "@/api/errors";
import type { Channel, ChannelTested } from "@/api/types";
import { cx } from "@/lib/cx";
import { Button } from "@/ui/button";

/** One small question to the provider: does it answer, as whom, and how fast? */
export function ChannelTest({ channel }: { channel: Channel }) {
  const { t, i18n } = useTranslation();
  const test = useMutation<ChannelTested, ApiError>({
    mutationFn: () =>
      bodyOf(
        api.POST("/api/v1/channels/{id}/test", {
          params: { path: { id: channel.id } },
          body: { model: null },
        }),
      ),
  });
  const told = test.data;
  const ms = new Intl.NumberFormat(i18n.language).format(told?.latency_ms ?? 0);
  return (
    <div className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1">
      <Button
        size="small"
        aria-label={t("channels.testOf", { name: channel.name })}
        isBusy={test.isPending}
        onClick={() => test.mutate()}
      >
        {test.isPending ? t("reveal.testing") : t("reveal.test")}
      </Button>
      <span role="status" className="min-w-0 text-head break-words">
        {told && (
          <>
            <span
              aria-hidden
              className={cx(
                "mr-1.5 inline-block size-1.5 -translate-y-px rounded-full",
                told.ok ? "bg-ok" : "bg-bad",
              )}
            />
            {told.ok
              ? told.model
                ? t("channels.testOk", { model: told.model, ms })
                : t("channels.testOkList", { ms })
              : told.status === null
                ? t("channels.testFailed", { message: told.message })
                : t("channels.testRefused", { status: told.status, message: told.message })}
          </>
        )}
        {test.error && <span className="text-bad">{describeError(test.error, t).message}</span>}
      </span>
    </div>
  );
}
