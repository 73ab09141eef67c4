/** Who set a price, as the API names it. */
export const priceSources = ["builtin", "import", "manual"] as const;
export type PriceSource = (typeof priceSources)[number];

/** What the address of the page of prices can say. */
export interface PricesSearch {
  search?: string | undefined;
  provider?: string | undefined;
  source?: PriceSource | undefined;
  /** The model whose prices are open. */
  open?: string | undefined;
}

export function parsePricesSearch(search: Record<string, unknown>): PricesSearch {
  const text = (key: string) => {
    const value = search[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  return {
    search: text("search"),
    provider: text("provider"),
    source: priceSources.find((source) => source === search["source"]),
    open: text("open"),
  };
}
