import { describe, expect, it } from "vitest";

import { changeOf, emptyValues, newToken, tokenSchema } from "./token-values";

const filled = { ...emptyValues("ci", []), quota: "20.50" };

const faults = (values: unknown) =>
  tokenSchema
    .safeParse(values)
    .error?.issues.map((issue) => `${String(issue.path[0])}:${issue.message}`);

describe("a token's form", () => {
  it("says what is missing or wrong, field by field", () => {
    expect(faults({ ...emptyValues("", []), quota: "" })).toEqual([
      "name:required",
      "quota:amount",
    ]);
    expect(faults({ ...filled, name: "x".repeat(65) })).toEqual(["name:nameLength"]);
    expect(faults({ ...filled, models: ["gpt 4"] })).toEqual(["models:model"]);
    expect(faults({ ...filled, ipRules: ["10.0.0.300"] })).toEqual(["ipRules:ip"]);
    expect(faults({ ...filled, lifetime: "custom" })).toEqual(["customTime:timeRequired"]);
    const past = { ...filled, lifetime: "custom", customTime: "2020-01-01T00:00" };
    expect(faults(past)).toEqual(["customTime:timePast"]);
    expect(faults(filled)).toBeUndefined();
  });

  it("asks for a quota only where there is one", () => {
    expect(newToken(filled).quota).toBe("20.5");
    expect(newToken({ ...filled, isUnlimited: true }).quota).toBeNull();
  });

  it("sends what was changed and nothing else", () => {
    expect(changeOf(filled, filled)).toEqual({});
    expect(changeOf(filled, { ...filled, name: "other" })).toEqual({ name: "other" });
    expect(changeOf(filled, { ...filled, isUnlimited: true })).toEqual({ quota: null });
    const custom = { ...filled, lifetime: "custom" as const, customTime: "2099-01-01T00:00" };
    expect(changeOf(custom, { ...custom, lifetime: "neverExpires" })).toEqual({
      expires_at: null,
    });
  });
});
