import type { BookedPrice } from "@/api/types";

import type { PriceKey } from "./models";
import type { PricesSearch } from "./prices-search";

/** Prices of what a model is given: a rule for input beyond a length can name no others. */
export const inputPriceKeys: readonly PriceKey[] = [
  "input",
  "cached_input",
  "cache_write",
  "cache_write_1h",
  "input_audio",
  "input_image",
];

/** Those that the address asks for. */
export function pricesOf(items: readonly BookedPrice[], search: PricesSearch): BookedPrice[] {
  const words = (search.search ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter(
    (item) =>
      words.every((word) => `${item.provider} ${item.model}`.toLowerCase().includes(word)) &&
      (search.provider === undefined || item.provider === search.provider) &&
      (search.source === undefined || item.source === search.source),
  );
}
