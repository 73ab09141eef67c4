import { describe, expect, it } from "vitest";

import { channelChange, channelSchema, emptyChannel, keysOf, newChannel } from "./channel-values";

const openai = { id: "openai", name: "OpenAI", default_base_url: "https://api.openai.com/v1" };
const empty = emptyChannel(openai as Parameters<typeof emptyChannel>[0]);

const faults = (values: unknown) =>
  channelSchema
    .safeParse(values)
    .error?.issues.map((issue) => `${issue.path.join(".")}:${issue.message}`);

describe("a channel's form", () => {
  it("says what is wrong, field by field", () => {
    expect(faults({ ...empty, name: " ", baseUrl: "ftp://x", weight: "0" })).toEqual([
      "name:required",
      "baseUrl:url",
      "weight:weight",
    ]);
    expect(faults({ ...empty, priority: "high" })).toEqual(["priority:priority"]);
    expect(faults({ ...empty, cost: "100.000001" })).toEqual(["cost:costMultiplier"]);
    expect(faults({ ...empty, cost: "-1" })).toEqual(["cost:costMultiplier"]);
    expect(faults({ ...empty, keys: "two words" })).toEqual(["keys:keyForm"]);
    expect(faults({ ...empty, map: [{ from: "gpt-5", to: "a b" }] })).toEqual([
      "map.0.to:modelName",
    ]);
    expect(faults(empty)).toBeUndefined();
  });

  it("takes keys one a line", () => {
    expect(keysOf(" a \n\n b\n")).toEqual(["a", "b"]);
    expect(newChannel({ ...empty, keys: " a \n\n b\n" }).key).toBe("a\nb");
  });

  it("leaves the keys alone where no new one was written", () => {
    const change = channelChange({
      ...empty,
      baseUrl: "",
      map: [{ from: "gpt-5", to: "deployment-1" }],
    });
    expect(change).not.toHaveProperty("key");
    expect(change).toMatchObject({ base_url: null, model_map: { "gpt-5": "deployment-1" } });
  });

  it("takes what the provider bills as a factor", () => {
    expect(newChannel({ ...empty, cost: "0.85" }).cost_multiplier_ppm).toBe(850_000);
    expect(newChannel(empty).cost_multiplier_ppm).toBe(1_000_000);
    expect(newChannel({ ...empty, cost: "0" }).cost_multiplier_ppm).toBe(0);
  });

  it("says nothing of addresses that the built-in provider has not", () => {
    expect(newChannel({ ...empty, provider: "simulated" })).not.toHaveProperty("base_url");
  });
});
