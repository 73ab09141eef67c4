import { expect, it } from "vitest";

import { parseDashboardSearch, slotsOf } from "./dashboard-search";

it("the address of the first page is read with care", () => {
  expect(parseDashboardSearch({ span: "7", day: "2026-11-25" })).toEqual({
    span: "7",
    day: "2026-11-25",
  });
  expect(parseDashboardSearch({ span: "8", day: "yesterday" })).toEqual({});
  expect(parseDashboardSearch({ day: "2026-13-45" }).day).toBeUndefined();
});

it("one day is shown by the hour", () => {
  expect(slotsOf("1")).toEqual({ by: "hour", last: 24 });
  expect(slotsOf("90")).toEqual({ by: "day", last: 90 });
});
