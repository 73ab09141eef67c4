import { expect, it } from "vitest";

import { countWords, healthOf, slotStarts } from "./health";

it("some hours are as good as the part that did not fail", () => {
  const word = (requests: number, failed: number) => healthOf({ requests, failed });
  expect([word(0, 0), word(1, 0), word(100, 1), word(100, 2), word(10, 1), word(10, 2)]).toEqual([
    "none",
    "good",
    "good",
    "mixed",
    "mixed",
    "bad",
  ]);
  expect(countWords(["good", "bad", "good"])).toEqual({ none: 0, good: 2, mixed: 0, bad: 1 });
});

it("slots begin where the one before ends", () => {
  expect(slotStarts("2026-11-25T18:00:00Z", 6, 3)).toEqual([
    "2026-11-25T18",
    "2026-11-26T00",
    "2026-11-26T06",
  ]);
});
