import { describe, expect, it } from "vitest";

import { emptyTier, newTier, tierSchema, valuesOfTier } from "./tier-values";

const named = { ...emptyTier, name: "Pro" };

function faults(change: Partial<typeof emptyTier>) {
  const result = tierSchema.safeParse({ ...named, ...change });
  return result.success ? [] : result.error.issues.map((issue) => issue.message);
}

describe("tier values", () => {
  it("become what the server takes, and come back the same", () => {
    const values = {
      ...named,
      multiplier: "0.8",
      overdraft: "05.50",
      models: ["gpt-*"],
      groups: ["fast"],
      requestsPerMinute: "60",
      expiryDefault: "30",
      expiryMax: "90",
    };
    const tier = newTier(values);
    expect(tier).toMatchObject({
      multiplier_ppm: 800_000,
      overdraft: "5.5",
      rates: { requests_per_minute: 60, units_per_minute: null, concurrency: null },
      expiry_days_max: 90,
    });
    const shown = { ...tier, id: "tier_1", version: 1, standard: false } as never;
    expect(valuesOfTier(shown)).toEqual({ ...values, overdraft: "5.5" });
  });

  it("are refused where the server would refuse them", () => {
    expect(faults({})).toEqual([]);
    expect(faults({ name: " " })).toEqual(["required"]);
    expect(faults({ tokenLimit: "1000001" })).toEqual(["tokenLimit"]);
    expect(faults({ tokenLimit: "0" })).toEqual([]);
    expect(faults({ multiplier: "1,5" })).toEqual(["multiplier"]);
    expect(faults({ overdraft: "-1" })).toEqual(["amount"]);
    expect(faults({ models: ["gpt 4"] })).toEqual(["model"]);
    expect(faults({ concurrency: "0" })).toEqual(["rate"]);
    expect(faults({ expiryMax: "3651" })).toEqual(["days"]);
    expect(faults({ expiryDefault: "31", expiryMax: "30" })).toEqual(["daysOrder"]);
  });
});
