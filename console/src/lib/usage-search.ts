import type { UsageQuery } from "@/api/types";

import { amountInput } from "./money";

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

/** How far back the log is shown; "custom" is between two times of the reader's choice. */
export const ranges = ["1h", "24h", "7d", "30d", "custom"] as const;
export type Range = (typeof ranges)[number];

const hour = 3_600_000;
const rangeLengths: Record<Exclude<Range, "custom">, number> = {
  "1h": hour,
  "24h": 24 * hour,
  "7d": 7 * 24 * hour,
  "30d": 30 * 24 * hour,
};
const minute = 60_000;

/** Whose calls a page is about: the reader's, or everybody's. */
export type Scope = "own" | "all";

/** What the address of a page of calls can say. */
export interface UsageSearch {
  /** Whose, by account id or owner's email; where everybody's are shown. */
  account?: string | undefined;
  range?: Range | undefined;
  /** Only with the custom range. */
  since?: string | undefined;
  until?: string | undefined;
  token?: string | undefined;
  model?: string | undefined;
  end_reason?: string | undefined;
  stream?: "true" | "false" | undefined;
  request_id?: string | undefined;
  min_charge?: string | undefined;
  cursor?: string | undefined;
  /** "1": the newest calls come by themselves. */
  live?: "1" | undefined;
  /** The id of the request whose sheet is open. */
  open?: string | undefined;
}

export const filterKeys = [
  "account",
  "range",
  "since",
  "until",
  "token",
  "model",
  "end_reason",
  "stream",
  "request_id",
  "min_charge",
] as const satisfies readonly (keyof UsageSearch)[];

/** What leaves no filter behind. */
export const noFilters: UsageSearch = Object.fromEntries(filterKeys.map((key) => [key, undefined]));

/** How many filters hold; the two ends of a range of one's own are one. */
export function countFilters(search: UsageSearch): number {
  return filterKeys.filter((key) => key !== "since" && key !== "until" && search[key] !== undefined)
    .length;
}

export function parseUsageSearch(raw: Record<string, unknown>): UsageSearch {
  const text = (key: string) => {
    const value = raw[key];
    return value === undefined || value === "" ? undefined : String(value);
  };
  const oneOf = <T extends string>(key: string, allowed: readonly T[]) =>
    allowed.find((value) => value === text(key));
  const time = (key: string) => {
    const value = text(key);
    return value !== undefined && !Number.isNaN(Date.parse(value)) ? value : undefined;
  };
  const charge = text("min_charge");
  return {
    range: oneOf("range", ranges),
    since: time("since"),
    until: time("until"),
    token: text("token"),
    model: text("model"),
    end_reason: oneOf("end_reason", endReasons),
    stream: oneOf("stream", ["true", "false"] as const),
    request_id: text("request_id"),
    min_charge: charge !== undefined && amountInput.test(charge) ? charge : undefined,
    cursor: text("cursor"),
    live: oneOf("live", ["1"] as const),
    open: text("open"),
  };
}

/** The same where everybody's calls are shown. */
export function parseLogsSearch(raw: Record<string, unknown>): UsageSearch {
  const { account } = raw;
  return {
    ...parseUsageSearch(raw),
    account: account === undefined || account === "" ? undefined : String(account),
  };
}

/** Whose calls are asked for; the reader's own need not be named. */
export function accountOf(search: Pick<UsageSearch, "account">, scope: Scope) {
  return scope === "all" ? { account: search.account ?? "all" } : {};
}

/** The filters as the server takes them. A range that ends now begins at a whole minute. */
function filtersOf(search: UsageSearch, now: number, scope: Scope): UsageQuery {
  const { range, token, model, end_reason, stream, request_id, min_charge } = search;
  const start = (length: number) =>
    new Date(Math.floor((now - length) / minute) * minute).toISOString();
  const times =
    range === undefined
      ? {}
      : range === "custom"
        ? { since: search.since, until: search.until }
        : { since: start(rangeLengths[range]) };
  const given = {
    ...accountOf(search, scope),
    ...times,
    token,
    model,
    end_reason,
    request_id,
    min_charge,
  };
  const pairs = Object.entries(given).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(pairs) as UsageQuery),
    ...(stream === undefined ? {} : { stream: stream === "true" }),
  };
}

export function toUsageQuery(search: UsageSearch, now: number, scope: Scope = "own"): UsageQuery {
  const { cursor } = search;
  return {
    ...filtersOf(search, now, scope),
    ...(cursor === undefined ? {} : { cursor }),
    limit: 50,
  };
}

/** Where the whole of what the page shows can be had as a table. */
export function csvAddress(search: UsageSearch, now: number, scope: Scope = "own"): string {
  const given = Object.entries(filtersOf(search, now, scope));
  const pairs = given.map(([key, value]) => [key, String(value)]);
  const query = new URLSearchParams(pairs).toString();
  return `/api/v1/usage.csv${query === "" ? "" : `?${query}`}`;
}
