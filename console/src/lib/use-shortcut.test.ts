import { describe, expect, it } from "vitest";

import { pressed } from "./use-shortcut";

describe("pressed keys", () => {
  it("stand alone, but for one that follows g in time", () => {
    expect(pressed("c", 0)).toBe("c");
    expect(pressed("g", 100)).toBe("g");
    expect(pressed("t", 400)).toBe("g t");
    expect(pressed("t", 500)).toBe("t");
  });

  it("are not held back for ever by g", () => {
    expect(pressed("g", 10_000)).toBe("g");
    expect(pressed("c", 11_500)).toBe("c");
  });
});
