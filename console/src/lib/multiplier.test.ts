import { describe, expect, it } from "vitest";

import { formatMultiplier, fromPpm, toPpm } from "./multiplier";

describe("a multiplier", () => {
  it("is read and written without a float in between", () => {
    for (const [text, ppm] of [
      ["1", 1_000_000],
      ["0.8", 800_000],
      ["1.25", 1_250_000],
      ["0.000001", 1],
      ["0", 0],
      ["12.345678", 12_345_678],
    ] as const) {
      expect(toPpm(text)).toBe(ppm);
      expect(fromPpm(ppm)).toBe(text);
    }
    expect(formatMultiplier(1_500_000)).toBe("×1.5");
  });

  it("is refused where it is none", () => {
    for (const text of ["", "-1", "1,5", "1.2345678", "5000", "x"]) expect(toPpm(text)).toBeNull();
  });
});
