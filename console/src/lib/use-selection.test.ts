import { act, renderHook } from "@testing-library/react";
import { expect, it } from "vitest";

import { useSelection } from "./use-selection";

it("a selection holds only what is in sight", () => {
  const { result, rerender } = renderHook(({ ids }) => useSelection(ids), {
    initialProps: { ids: ["a", "b", "c"] },
  });
  act(() => result.current.toggle("c"));
  act(() => result.current.toggle("a"));
  expect(result.current.ids).toEqual(["a", "c"]);
  expect(result.current.extent).toBe("some");

  act(() => result.current.toggleAll());
  expect(result.current.extent).toBe("all");
  act(() => result.current.toggleAll());
  expect(result.current.ids).toEqual([]);

  act(() => result.current.toggle("b"));
  rerender({ ids: ["a", "c"] });
  expect(result.current.ids).toEqual([]);
  expect(result.current.extent).toBe("none");
});
