import { describe, expect, it } from "vitest";

import type { Model } from "@/api/types";

import { combinePpm, formatUnits, furtherFacts, modelsOf, providersOf } from "./models";
import { parseModelsSearch } from "./models-search";

const model = (id: string, provider: string, available: boolean): Model =>
  ({ id, provider, available, context: null, max_output: null, price: null }) as Model;

const models = [
  model("gpt-a", "openai", false),
  model("claude-b", "anthropic", true),
  model("gpt-c", "openai", true),
];

describe("the list of models", () => {
  it("is narrowed by every word, provider and service, what is served first", () => {
    const ids = (search: Record<string, string>) =>
      modelsOf(models, parseModelsSearch(search)).map((one) => one.id);
    expect(ids({})).toEqual(["claude-b", "gpt-c", "gpt-a"]);
    expect(ids({ search: "OpenAI gpt" })).toEqual(["gpt-c", "gpt-a"]);
    expect(ids({ provider: "openai", served: "1" })).toEqual(["gpt-c"]);
  });

  it("knows its providers, each once", () => {
    expect(providersOf(models)).toEqual(["anthropic", "openai"]);
  });
});

it("factors of tier and group are multiplied in whole parts", () => {
  expect(combinePpm(800_000, 1_250_000)).toBe(1_000_000);
  expect(combinePpm(333_333, 333_333)).toBe(111_111);
});

it("sizes are short", () => {
  expect([formatUnits(200_000, "en"), formatUnits(1_048_576, "en")]).toEqual(["200K", "1.05M"]);
});

it("what the server says beyond what is known is shown, and nothing is not", () => {
  const more = {
    ...model("m", "p", true),
    modalities: ["text"],
    tags: [],
    price: { input: "1", output: "2", image_input: "3", conditions: [{ above: 200_000 }] },
  } as unknown as Model;
  expect(furtherFacts(more).map((fact) => fact.name)).toEqual([
    "modalities",
    "image input",
    "conditions",
  ]);
});
