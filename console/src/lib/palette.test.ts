import { describe, expect, it } from "vitest";

import { coloursOf } from "./palette";

describe("the colours of models", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];

  it("are six, each used once, and grey for the rest", () => {
    const slots = [...coloursOf(names).values()];
    expect(new Set(slots.slice(0, 6)).size).toBe(6);
    expect(slots.slice(6)).toEqual(["other", "other"]);
  });

  it("do not change with the order of two that do not meet", () => {
    const first = coloursOf(["sim-gpt", "sim-claude"]);
    const second = coloursOf(["sim-claude", "sim-gpt"]);
    expect(first.get("sim-gpt")).not.toBe(first.get("sim-claude"));
    expect([...second.values()].sort()).toEqual([...first.values()].sort());
  });
});
