import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";

import { isZero } from "@/lib/money";
import { nearness } from "@/lib/time";
import { toasts } from "@/ui/toast";

import { api, bodyOf } from "./client";
import { describeError } from "./errors";
import { keys } from "./queries";
import type { Token, TokenDetail, TokenList } from "./types";

/** Calls about one token go out one after the other, so that the last press is what holds. */
const running = new Map<string, Promise<unknown>>();

/** The switch of the list: shown at once, taken back if the server refuses, undone by its toast. */
export function useTokenSwitch(): (token: Token, isOn: boolean) => void {
  const { t } = useTranslation();
  const queryClient = useQueryClient();

  return useCallback(
    (token, isOn) => {
      const set = async (enabled: boolean, offersUndo: boolean) => {
        showToken(queryClient, withEnabled(token, enabled));
        const toastId = toasts.add({
          id: `switch-${token.id}`,
          title: t(enabled ? "tokens.enabledToast" : "tokens.disabledToast", { name: token.name }),
          description: undefined,
          type: "plain",
          priority: "low",
          actionProps: offersUndo
            ? { children: t("common.undo"), onClick: () => void set(!enabled, false) }
            : undefined,
        });
        try {
          showToken(queryClient, await inTurn(token.id, () => send(token.id, enabled)));
        } catch (error) {
          // What the server last confirmed is in its list, not in what this page guessed.
          showToken(queryClient, withEnabled(token, !enabled));
          const { message, requestId } = describeError(error, t);
          toasts.add({
            id: toastId,
            type: "error",
            title: t(enabled ? "tokens.enableFailed" : "tokens.disableFailed", {
              name: token.name,
            }),
            description: requestId
              ? `${message} ${t("common.requestId", { id: requestId })}`
              : message,
            priority: "high",
            actionProps: undefined,
          });
        }
        await queryClient.invalidateQueries({ queryKey: keys.tokens });
      };
      void set(isOn, true);
    },
    [queryClient, t],
  );
}

function send(id: string, enabled: boolean): Promise<Token> {
  return bodyOf(api.PATCH("/api/v1/tokens/{id}", { params: { path: { id } }, body: { enabled } }));
}

function inTurn<T>(id: string, call: () => Promise<T>): Promise<T> {
  const before = running.get(id) ?? Promise.resolve();
  const mine = before.then(call, call);
  running.set(id, mine);
  const forget = () => {
    if (running.get(id) === mine) running.delete(id);
  };
  mine.then(forget, forget);
  return mine;
}

/** A guess at what the server will say, by the same order of reasons. */
export function withEnabled(token: Token, enabled: boolean): Token {
  if (!enabled) return { ...token, enabled, status: "disabled", status_reason: null };
  if (token.expires_at && nearness(token.expires_at) === "past") {
    return { ...token, enabled, status: "expired", status_reason: "expired" };
  }
  if (token.remaining_quota && isZero(token.remaining_quota)) {
    return { ...token, enabled, status: "exhausted", status_reason: "token_quota_exhausted" };
  }
  return { ...token, enabled, status: "enabled", status_reason: null };
}

/** Puts one token everywhere it is shown. */
function showToken(queryClient: QueryClient, token: Token): void {
  // An answer that is on its way was made before this change and would take it back.
  void queryClient.cancelQueries({ queryKey: keys.tokens });
  queryClient.setQueriesData<TokenList>(
    { queryKey: [...keys.tokens, "list"] },
    (list) =>
      list && { ...list, items: list.items.map((item) => (item.id === token.id ? token : item)) },
  );
  queryClient.setQueryData<TokenDetail>(
    [...keys.tokens, "detail", token.id],
    (detail) => detail && { ...detail, token },
  );
}
