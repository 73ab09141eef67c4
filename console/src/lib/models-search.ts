/** What the address of the models page can say. */
export interface ModelsSearch {
  search?: string | undefined;
  provider?: string | undefined;
  /** "1": only what some channel serves. */
  served?: "1" | undefined;
  /** The group of channels whose factor is applied. */
  group?: string | undefined;
  /** The model whose sheet is open. */
  open?: string | undefined;
}

export function parseModelsSearch(raw: Record<string, unknown>): ModelsSearch {
  const text = (key: string) => {
    const value = raw[key];
    return value === undefined || value === "" ? undefined : String(value);
  };
  return {
    search: text("search"),
    provider: text("provider"),
    served: text("served") === "1" ? "1" : undefined,
    group: text("group"),
    open: text("open"),
  };
}
