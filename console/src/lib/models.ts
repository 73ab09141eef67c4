import type { Model } from "@/api/types";

import type { ModelsSearch } from "./models-search";

const million = 1_000_000;

/** The group that tokens are bound to unless they say otherwise. */
export const default_group = "default";

/** The prices of a model, in their order. */
export const priceKeys = [
  "input",
  "output",
  "cached_input",
  "cache_write",
  "cache_write_1h",
  "input_audio",
  "input_image",
  "reasoning",
  "output_audio",
  "output_image",
  "web_search",
  "file_search",
  "request",
] as const;
export type PriceKey = (typeof priceKeys)[number];

/** Those that a price, or a rule of one, names. */
export function namedPrices(
  prices: Partial<Record<PriceKey, string | null>>,
): { key: PriceKey; price: string }[] {
  return priceKeys.flatMap((key) => {
    const price = prices[key];
    return price === null || price === undefined ? [] : [{ key, price }];
  });
}

/** The factor of a tier and a group together, in parts per million, rounded up as the server does. */
export function combinePpm(tier: number, group: number): number {
  return Number((BigInt(tier) * BigInt(group) + BigInt(million - 1)) / BigInt(million));
}

/** Those that the address asks for; what is served stands first. */
export function modelsOf(models: readonly Model[], search: ModelsSearch): Model[] {
  const words = (search.search ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return models
    .filter(
      (model) =>
        words.every((word) => `${model.provider} ${model.id}`.toLowerCase().includes(word)) &&
        (search.provider === undefined || model.provider === search.provider) &&
        (search.served === undefined || model.available),
    )
    .sort((a, b) => Number(b.available) - Number(a.available) || a.id.localeCompare(b.id));
}

export function providersOf(models: readonly Model[]): string[] {
  return [...new Set(models.map((model) => model.provider))].sort();
}

/** "200000" → "200K", "1048576" → "1.05M", for a column. */
export function formatUnits(units: number, language: string): string {
  return new Intl.NumberFormat(language, {
    notation: "compact",
    maximumSignificantDigits: 3,
  }).format(units);
}

const known = new Set<string>([
  ...["id", "provider", "available", "context", "max_output", "price", "price_version"],
  ...["upcoming_prices", "rules"],
  ...priceKeys,
]);

/**
 * What the server says of a model or its price beyond what this console knows, as name and text:
 * better shown as it is than left out.
 */
export function furtherFacts(model: Model): { name: string; text: string }[] {
  const all = { ...model, ...(model.price ?? {}) } as Record<string, unknown>;
  return Object.entries(all)
    .filter(([name, value]) => !known.has(name) && !isNothing(value))
    .map(([name, value]) => ({
      name: name.replaceAll("_", " "),
      text: typeof value === "object" ? JSON.stringify(value, null, 2) : String(value),
    }));
}

function isNothing(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
