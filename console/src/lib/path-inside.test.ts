import { describe, expect, it } from "vitest";

import { pathInside } from "./path-inside";

describe("where a sign-in leads", () => {
  it("is the page that was asked for", () => {
    for (const path of ["/usage?token=tok_1", "/profile", "/tokens?new=1&name=42"]) {
      expect(pathInside(path)).toBe(path);
    }
  });

  it("f8: is never another site", () => {
    const evil = ["//evil", "/\\evil", "\\\\evil", "https://evil", "javascript:1", "/\t/evil", ""];
    for (const next of [...evil, undefined]) expect(pathInside(next)).toBe("/dashboard");
  });
});
