import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { toasts } from "@/ui/toast";

import { api, bodyOf } from "./client";
import { describeError, type ApiError } from "./errors";
import { keys } from "./queries";
import { withEnabled } from "./token-switch";
import type { BulkAction, BulkOutcome, Token, TokenList } from "./types";

const send = (body: BulkAction) => bodyOf(api.POST("/api/v1/tokens/bulk", { body }));

/** One thing done with many tokens, for the dialogs of the bulk bar. */
export function useTokenBulk(onDone: (outcome: BulkOutcome) => void) {
  const queryClient = useQueryClient();
  return useMutation<BulkOutcome, ApiError, BulkAction>({
    mutationFn: send,
    onSuccess: async (outcome) => {
      await queryClient.invalidateQueries({ queryKey: keys.tokens });
      onDone(outcome);
    },
  });
}

/** Switches many tokens: shown at once, taken back if refused, undone by its toast. */
export function useBulkSwitch(): (tokens: readonly Token[], enabled: boolean) => void {
  const { t } = useTranslation();
  const queryClient = useQueryClient();

  const show = (ids: ReadonlySet<string>, enabled: boolean) => {
    void queryClient.cancelQueries({ queryKey: keys.tokens });
    queryClient.setQueriesData<TokenList>(
      { queryKey: [...keys.tokens, "list"] },
      (list) =>
        list && {
          ...list,
          items: list.items.map((token) =>
            ids.has(token.id) ? withEnabled(token, enabled) : token,
          ),
        },
    );
  };
  const set = async (tokens: readonly Token[], enabled: boolean, offersUndo: boolean) => {
    // Those that are so already stay as they are, also when the rest is undone.
    const changed = tokens.filter((token) => token.enabled !== enabled);
    const ids = changed.map((token) => token.id);
    const undone = changed.map((token) => ({ ...token, enabled }));
    show(new Set(ids), enabled);
    try {
      await send({ action: enabled ? "enable" : "disable", ids });
      toasts.add({
        type: "plain",
        priority: "low",
        title: t(enabled ? "bulk.enabledToast" : "bulk.disabledToast", { count: ids.length }),
        actionProps: offersUndo
          ? { children: t("common.undo"), onClick: () => void set(undone, !enabled, false) }
          : undefined,
      });
    } catch (error) {
      const { message, requestId } = describeError(error, t);
      toasts.add({
        type: "error",
        priority: "high",
        title: t("bulk.switchFailed"),
        description: requestId ? `${message} ${t("common.requestId", { id: requestId })}` : message,
      });
    }
    await queryClient.invalidateQueries({ queryKey: keys.tokens });
  };
  return (tokens, enabled) => void set(tokens, enabled, true);
}
