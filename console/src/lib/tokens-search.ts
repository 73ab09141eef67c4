import type { TokenQuery, TokenStatus } from "@/api/types";

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
export const default_sort: TokenSort = "-created_at";

const limit_default = 50;
const limit_max = 100;

/** What the address of the tokens page can say. All of it is text: see the router. */
export interface TokensSearch {
  search?: string;
  status?: TokenStatus;
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
    sort: oneOf("sort", sorts),
    cursor: text("cursor"),
    limit: text("limit"),
    new: oneOf("new", ["1"] as const),
    name: text("name"),
    models: text("models"),
    edit: text("edit"),
  };
}

export function toTokenQuery(search: TokensSearch): TokenQuery {
  const limit = Number(search.limit);
  const isLimit = Number.isInteger(limit) && limit >= 1 && limit <= limit_max;
  return {
    search: search.search,
    status: search.status,
    sort: search.sort ?? default_sort,
    cursor: search.cursor,
    limit: isLimit ? limit : limit_default,
  };
}
