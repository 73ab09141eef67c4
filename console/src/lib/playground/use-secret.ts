import { useCallback, useRef } from "react";

import { api, bodyOf } from "@/api/client";

/** A secret is renewed so long before its end that a call can still begin with it. */
const margin_ms = 60_000;

interface Kept {
  token: string;
  secret: string;
  endsAt: number;
}

/** Gives a token's ten-minute secret, which is kept in the memory of this page and nowhere else. */
export function useSecret() {
  const kept = useRef<Kept | null>(null);
  return useCallback(async (token: string, isNew = false): Promise<string> => {
    const known = kept.current;
    if (!isNew && known?.token === token && Date.now() < known.endsAt - margin_ms) {
      return known.secret;
    }
    const made = await bodyOf(
      api.POST("/api/v1/tokens/{id}/playground-secret", { params: { path: { id: token } } }),
    );
    kept.current = { token, secret: made.secret, endsAt: Date.parse(made.valid_until) };
    return made.secret;
  }, []);
}
