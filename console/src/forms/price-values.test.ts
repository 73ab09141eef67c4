import { describe, expect, it } from "vitest";

import { emptyRule, priceOf, priceSchema, valuesOfPrice, type RuleValues } from "./price-values";

const price = {
  input: "3",
  output: "15",
  cached_input: "0.3",
  rules: [
    { input_above: 200000, input: "6", output: "22.5" },
    { input_above: 5, part: "above" as const, input: "6" },
    { daily_from: "16:30", daily_until: "00:30", speed: "fast", output: "7" },
  ],
};

function faults(rule: Partial<RuleValues>) {
  const values = { ...valuesOfPrice("m", price), rules: [{ ...emptyRule, ...rule }] };
  const parsed = priceSchema.safeParse(values);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.message);
}

const input = (text: string) => ({ ...emptyRule.prices, input: text });

describe("the form of a price", () => {
  it("gives back the price that it was made from", () => {
    const values = valuesOfPrice("m", price);
    expect(priceSchema.safeParse(values).success).toBe(true);
    expect(priceOf(values)).toEqual(price);
  });

  it("asks for input and output, and for prices that can be kept", () => {
    const issues = (prices: object) => {
      const values = valuesOfPrice("m", price);
      const parsed = priceSchema.safeParse({ ...values, prices: { ...values.prices, ...prices } });
      return parsed.success ? [] : parsed.error.issues.map((issue) => issue.message);
    };
    expect(issues({ input: "", output: "0" })).toEqual(["required"]);
    expect(issues({ reasoning: "-1" })).toEqual(["price"]);
    expect(issues({ reasoning: "0.0000000001" })).toEqual(["price"]);
    expect(issues({ reasoning: "0.000000001" })).toEqual([]);
  });

  it("refuses rules that the server would refuse", () => {
    expect(faults({ prices: input("1") })).toEqual(["ruleCondition"]);
    expect(faults({ inputAbove: "5" })).toEqual(["rulePrice"]);
    expect(faults({ dailyFrom: "10:00", prices: input("1") })).toEqual(["span"]);
    expect(faults({ dailyFrom: "25:00", dailyUntil: "01:00", prices: input("1") })).toContain(
      "timeOfDay",
    );
    expect(faults({ part: "above", speed: "fast", prices: input("1") })).toEqual(["ruleAbove"]);
    expect(faults({ serviceTier: "very fast", prices: input("1") })).toContain("option");
    expect(faults({ inputAbove: "5", part: "above", prices: input("1") })).toEqual([]);
  });
});
