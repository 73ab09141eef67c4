import type { UsageQuery } from "@/api/types";

export const endReasons = [
  "complete",
  "client_gone",
  "quota_exhausted",
  "revoked",
  "upstream_cut",
  "upstream_error",
  "timeout",
  "interrupted",
] as const;

/** What the address of the usage page can say. */
export interface UsageSearch {
  token?: string | undefined;
  model?: string | undefined;
  end_reason?: string | undefined;
  request_id?: string | undefined;
  cursor?: string | undefined;
  /** The id of the request whose sheet is open. */
  open?: string | undefined;
}

export function parseUsageSearch(raw: Record<string, unknown>): UsageSearch {
  const text = (key: string) => {
    const value = raw[key];
    return value === undefined || value === "" ? undefined : String(value);
  };
  return {
    token: text("token"),
    model: text("model"),
    end_reason: text("end_reason"),
    request_id: text("request_id"),
    cursor: text("cursor"),
    open: text("open"),
  };
}

export function toUsageQuery({
  token,
  model,
  end_reason,
  request_id,
  cursor,
}: UsageSearch): UsageQuery {
  const given = { token, model, end_reason, request_id, cursor };
  const pairs = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(pairs) as UsageQuery), limit: 50 };
}
