import { describe, expect, it } from "vitest";

import type { BookedPrice } from "@/api/types";

import { pricesOf } from "./prices";
import { parsePricesSearch } from "./prices-search";

const item = (model: string, provider: string, source: string): BookedPrice =>
  ({ model, provider, source }) as BookedPrice;

describe("the list of prices", () => {
  const items = [item("gpt-5", "openai", "builtin"), item("grok-4", "xai", "manual")];
  const models = (search: object) => pricesOf(items, search).map((one) => one.model);

  it("is narrowed by words, provider and source", () => {
    expect(models({})).toEqual(["gpt-5", "grok-4"]);
    expect(models({ search: "XAI gro" })).toEqual(["grok-4"]);
    expect(models({ provider: "openai" })).toEqual(["gpt-5"]);
    expect(models({ source: "manual" })).toEqual(["grok-4"]);
  });

  it("takes from the address what it knows", () => {
    expect(parsePricesSearch({ source: "manual", open: "gpt-5", search: "", provider: 7 })).toEqual(
      {
        search: undefined,
        provider: undefined,
        source: "manual",
        open: "gpt-5",
      },
    );
    expect(parsePricesSearch({ source: "nobody" }).source).toBeUndefined();
  });
});
