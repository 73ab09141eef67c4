import { describe, expect, it } from "vitest";

import { changeOf, formatChange, formatRate, successOf } from "./change";

describe("change", () => {
  it("compares with the period before, if there was one", () => {
    expect(changeOf(112, 100)).toBe(12);
    expect(changeOf(0, 50)).toBe(-100);
    expect(changeOf(5, 0)).toBeNull();
  });

  it("carries its sign, and is a factor where percent would be noise", () => {
    expect(formatChange(12, "en")).toBe("+12%");
    expect(formatChange(-3, "en")).toBe("-3%");
    expect(formatChange(0, "en")).toBe("±0%");
    expect(formatChange(2_890, "en")).toBe("×30");
  });

  it("does not round a failure away", () => {
    expect(successOf({ requests: 0, failed: 0 })).toBeNull();
    expect(formatRate(successOf({ requests: 10_000, failed: 1 }) ?? 0, "en")).toBe("99.9%");
    expect(formatRate(1, "en")).toBe("100%");
  });
});
