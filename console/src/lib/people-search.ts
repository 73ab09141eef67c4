import type { PeopleQuery } from "@/api/types";

export const roles = ["user", "admin", "owner"] as const;
export type Role = (typeof roles)[number];
export const personStates = ["enabled", "disabled"] as const;
export type PersonState = (typeof personStates)[number];

/** What the address of the Users page can say. */
export interface PeopleSearch {
  tab?: "invitations" | undefined;
  search?: string | undefined;
  role?: Role | undefined;
  standing?: PersonState | undefined;
  cursor?: string | undefined;
  /** The person whose sheet is open. */
  open?: string | undefined;
}

export function parsePeopleSearch(search: Record<string, unknown>): PeopleSearch {
  const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
  return {
    tab: search.tab === "invitations" ? "invitations" : undefined,
    search: text(search.search),
    role: roles.find((role) => role === search.role),
    standing: personStates.find((state) => state === search.standing),
    cursor: text(search.cursor),
    open: text(search.open),
  };
}

export function toPeopleQuery({ search, role, standing, cursor }: PeopleSearch): PeopleQuery {
  return { search, role, state: standing, cursor };
}

/** The roles that somebody may give: those below their own, or, as an owner, any. */
export function rolesToGive(own: Role): readonly Role[] {
  return own === "owner" ? roles : roles.slice(0, roles.indexOf(own));
}
