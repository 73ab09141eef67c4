/** What may become of a redemption code, as the API names it. */
export const codeStates = ["open", "used_up", "revoked", "expired"] as const;
export type CodeState = (typeof codeStates)[number];

/** What the address of the page of codes can say. */
export interface CodesSearch {
  state?: CodeState | undefined;
  batch?: string | undefined;
  cursor?: string | undefined;
  /** The code whose details are open. */
  open?: string | undefined;
}

export function parseCodesSearch(search: Record<string, unknown>): CodesSearch {
  const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
  return {
    state: codeStates.find((state) => state === search.state),
    batch: text(search.batch),
    cursor: text(search.cursor),
    open: text(search.open),
  };
}
