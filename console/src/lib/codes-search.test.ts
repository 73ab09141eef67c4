import { expect, it } from "vitest";

import { parseCodesSearch } from "./codes-search";

it("the address of the page of codes keeps what it knows and drops the rest", () => {
  const search = { state: "used_up", batch: "rcb_1", cursor: "17", open: "rc_1", more: "x" };
  expect(parseCodesSearch(search)).toEqual({
    state: "used_up",
    batch: "rcb_1",
    cursor: "17",
    open: "rc_1",
  });
  expect(parseCodesSearch({ state: "lost", batch: 3, cursor: "" })).toEqual({});
});
