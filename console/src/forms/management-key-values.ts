/** What a management key may be given. The last four only mean something to operators. */
export const scopes = [
  "tokens:read",
  "tokens:write",
  "usage:read",
  "channels:read",
  "channels:write",
  "prices:write",
  "credits:write",
] as const;

export type Scope = (typeof scopes)[number];

const forOperators = new Set<Scope>([
  "channels:read",
  "channels:write",
  "prices:write",
  "credits:write",
]);

export function scopesFor(isOperator: boolean): Scope[] {
  return scopes.filter((scope) => isOperator || !forOperators.has(scope));
}

/** The same scope as a key of the texts, which have no colons. */
export function scopeText<S extends Scope>(scope: S) {
  return scope.replace(":", "_") as S extends `${infer What}:${infer How}`
    ? `${What}_${How}`
    : never;
}
