import type { AuditQuery } from "@/api/types";

/** What actions begin with, as the API names them. */
export const actionKinds = [
  "token",
  "user",
  "session",
  "factor",
  "invitation",
  "management_key",
  "account",
  "tier",
  "channel",
  "group",
  "price",
  "payment",
  "usage",
] as const;
export type ActionKind = (typeof actionKinds)[number];

/** What the address of the audit can say. */
export interface AuditSearch {
  actor?: string | undefined;
  kind?: ActionKind | undefined;
  object?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
  cursor?: string | undefined;
}

export const noAuditFilters: AuditSearch = {
  actor: undefined,
  kind: undefined,
  object: undefined,
  since: undefined,
  until: undefined,
};

export function parseAuditSearch(search: Record<string, unknown>): AuditSearch {
  const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
  return {
    actor: text(search.actor),
    kind: actionKinds.find((kind) => kind === search.kind),
    object: text(search.object),
    since: text(search.since),
    until: text(search.until),
    cursor: text(search.cursor),
  };
}

export function toAuditQuery({ kind, ...rest }: AuditSearch): AuditQuery {
  return { ...rest, action: kind && `${kind}.` };
}

export function isFiltered({ actor, kind, object, since, until }: AuditSearch): boolean {
  return [actor, kind, object, since, until].some((value) => value !== undefined);
}

/** A field of a change: as it was and as it is, or what is said of the whole. */
export interface AuditField {
  field: string;
  before: string | null;
  after: string;
}

/** The fields of a note, each as text. Two values are as it was and as it is. */
export function fieldsOf(detail: Record<string, unknown>): AuditField[] {
  return Object.entries(detail).map(([field, value]) =>
    Array.isArray(value) && value.length === 2
      ? { field, before: say(value[0]), after: say(value[1]) }
      : { field, before: null, after: say(value) },
  );
}

function say(value: unknown): string {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) {
    return value.join(", ");
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}
