import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { api, bodyOf } from "@/api/client";
import type { ApiError } from "@/api/errors";
import { keys } from "@/api/queries";
import type { CreatedToken, CreatedTokens, Token } from "@/api/types";
import { toasts } from "@/ui/toast";

import { changeOf, newToken, type TokenValues } from "./token-values";

/** What a new token or several of them give once. */
export type Created = CreatedToken | CreatedTokens;

async function send(
  token: Token | null,
  before: TokenValues,
  values: TokenValues,
): Promise<Created | Token> {
  if (token) {
    const path = { id: token.id };
    const body = changeOf(before, values);
    return bodyOf(api.PATCH("/api/v1/tokens/{id}", { params: { path }, body }));
  }
  const body = newToken(values);
  const count = Number(values.count);
  if (count === 1) return bodyOf(api.POST("/api/v1/tokens", { body }));
  return bodyOf(api.POST("/api/v1/tokens/batch", { body: { token: body, count } }));
}

/** Sends what the form says: a new token, several, or what was changed of one. */
export function useSaveToken(
  token: Token | null,
  before: TokenValues,
  onCreated: (created: Created) => void,
  onClose: () => void,
) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation<Created | Token, ApiError, TokenValues>({
    mutationFn: (values) => send(token, before, values),
    onSuccess: async (saved) => {
      void queryClient.invalidateQueries({ queryKey: keys.tokens });
      if (!("id" in saved)) {
        onCreated(saved);
        return;
      }
      toasts.add({
        type: "plain",
        title: t("tokens.savedToast", { name: saved.name }),
        priority: "low",
      });
      onClose();
    },
  });
}
