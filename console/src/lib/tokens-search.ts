import type { TokenQuery, TokenStatus } from "@/api/types";

import { day, hour } from "./time";

export const statuses = ["enabled", "disabled", "expired", "exhausted"] as const;
export const sorts = [
  "-created_at",
  "created_at",
  "name",
  "-name",
  "-used_quota",
  "used_quota",
  "expires_at",
] as const;

export type TokenSort = (typeof sorts)[number];
/** Tokens that ask for a decision: those that end within a week, and those that nobody uses. */
export const dues = ["expiring", "unused"] as const;
export type Due = (typeof dues)[number];
const expiring_days = 7;
const unused_days = 30;

export const default_sort: TokenSort = "-created_at";

const limit_default = 50;
const limit_max = 100;

/** What the address of the tokens page can say. All of it is text: see the router. */
export interface TokensSearch {
  search?: string;
  status?: TokenStatus;
  due?: Due;
  /** Only those with which this model was called. */
  called?: string;
  sort?: TokenSort;
  cursor?: string;
  limit?: string;
  /** "1" opens the form for a new token; the next two fill it. */
  new?: "1";
  name?: string;
  models?: string;
  /** The id of the token whose form is open. */
  edit?: string;
}

export function parseTokensSearch(raw: Record<string, unknown>): TokensSearch {
  const text = (key: string) => {
    const value = raw[key];
    return value === undefined || value === "" ? undefined : String(value);
  };
  const oneOf = <T extends string>(key: string, allowed: readonly T[]) =>
    allowed.find((value) => value === text(key));
  return {
    search: text("search"),
    status: oneOf("status", statuses),
    due: oneOf("due", dues),
    called: text("called"),
    sort: oneOf("sort", sorts),
    cursor: text("cursor"),
    limit: text("limit"),
    new: oneOf("new", ["1"] as const),
    name: text("name"),
    models: text("models"),
    edit: text("edit"),
  };
}

/** Whether anything narrows the list. */
export function isNarrowed(search: TokensSearch): boolean {
  return Boolean(search.search || search.status || search.due || search.called);
}

/** What leaves the list whole. */
export const noTokenFilters: TokensSearch = {
  search: undefined,
  status: undefined,
  due: undefined,
  called: undefined,
};

/** Times are of whole hours, so that the same list is asked for in the same words. */
export function toTokenQuery(search: TokensSearch, now: number): TokenQuery {
  const inDays = (days: number) =>
    new Date(Math.floor(now / hour) * hour + days * day).toISOString();
  const limit = Number(search.limit);
  const isLimit = Number.isInteger(limit) && limit >= 1 && limit <= limit_max;
  return {
    search: search.search,
    status: search.status,
    ...(search.due === "expiring" ? { expires_before: inDays(expiring_days) } : {}),
    ...(search.due === "unused" ? { unused_since: inDays(-unused_days) } : {}),
    ...(search.called === undefined ? {} : { called: search.called }),
    sort: search.sort ?? default_sort,
    cursor: search.cursor,
    limit: isLimit ? limit : limit_default,
  };
}
