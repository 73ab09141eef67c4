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
  return Object.entries(detail).flatMap(([field, value]) => {
    if (!Array.isArray(value) || value.length !== 2) {
      return [{ field, before: null, after: say(value) }];
    }
    const [before, after] = value as [unknown, unknown];
    return isGroup(before) && isGroup(after)
      ? changesWithin(field, before, after)
      : [{ field, before: say(before), after: say(after) }];
  });
}

/** Of a field that has fields of its own, those that differ. */
function changesWithin(field: string, before: Group, after: Group): AuditField[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .map((name) => ({
      field: `${field}.${name}`,
      before: say(before[name]),
      after: say(after[name]),
    }))
    .filter((one) => one.before !== one.after);
}

type Group = Record<string, unknown>;

function isGroup(value: unknown): value is Group {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function say(value: unknown): string {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) {
    return value.join(", ");
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}
