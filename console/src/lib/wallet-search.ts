/** What may move a balance, as the API names it. */
export const movementKinds = [
  "usage",
  "top_up",
  "payment",
  "redemption",
  "grant",
  "adjustment",
  "reversal",
  "correction",
] as const;
export type MovementKind = (typeof movementKinds)[number];

/** What the address of the wallet can say. */
export interface WalletSearch {
  kind?: MovementKind | undefined;
  cursor?: string | undefined;
  /** The payment from whose provider the browser comes back. */
  payment?: string | undefined;
}

export function parseWalletSearch(search: Record<string, unknown>): WalletSearch {
  const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
  return {
    kind: movementKinds.find((kind) => kind === search.kind),
    cursor: text(search.cursor),
    payment: text(search.payment),
  };
}

/** The statement as a table, with the page's filter. */
export function statementCsv({ kind }: WalletSearch): string {
  return `/api/v1/statement.csv${kind ? `?kind=${kind}` : ""}`;
}
